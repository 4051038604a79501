/** A node's own clock over virtual time: it may be off, drift and step; it dies with the process that reads it. */
import type { Clock } from '../../../src/core/ports/clock.ts'
import type { VirtualTime } from './time.ts'

interface Timer {
  at: number
  task: () => void
  cancel: () => void
}

export class NodeClock {
  readonly #time: VirtualTime
  readonly #origin: number
  #offsetMs: number
  #driftPpm: number
  readonly #timers = new Set<Timer>()

  constructor(time: VirtualTime, options: { offsetMs: number; driftPpm: number }) {
    this.#time = time
    this.#origin = time.now
    this.#offsetMs = options.offsetMs
    this.#driftPpm = options.driftPpm
  }

  now(): number {
    const t = this.#time.now
    return Math.floor(t + this.#offsetMs + ((t - this.#origin) * this.#driftPpm) / 1e6)
  }

  /** How far the clock is from virtual time. */
  get skewMs(): number {
    return this.now() - this.#time.now
  }

  /** Sets the clock; timers keep their wall-clock instants. */
  step(toOffsetMs: number): void {
    this.#offsetMs = toOffsetMs
    this.#driftPpm = 0
    for (const timer of this.#timers) {
      timer.cancel()
      this.#arm(timer)
    }
  }

  /** The clock as one process sees it; after `kill` its timers are gone. */
  process(): { clock: Clock; kill: () => void } {
    const own = new Set<Timer>()
    let alive = true
    const clock: Clock = {
      now: () => this.now(),
      schedule: (at, task) => {
        if (!alive) return () => {}
        const forget = () => {
          own.delete(timer)
          this.#timers.delete(timer)
        }
        const timer: Timer = {
          at,
          cancel: () => {},
          task: () => {
            forget()
            task()
          },
        }
        own.add(timer)
        this.#timers.add(timer)
        this.#arm(timer)
        return () => {
          timer.cancel()
          forget()
        }
      },
    }
    const kill = () => {
      alive = false
      for (const timer of own) {
        timer.cancel()
        this.#timers.delete(timer)
      }
      own.clear()
    }
    return { clock, kill }
  }

  #arm(timer: Timer): void {
    const delay = Math.max(0, timer.at - this.now())
    const fire = () => {
      // Rounding and drift may bring it here a moment early.
      if (this.now() < timer.at) this.#arm(timer)
      else timer.task()
    }
    timer.cancel = this.#time.after(Math.ceil(delay), fire)
  }
}
