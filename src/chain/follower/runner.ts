/** The follower's loop: looks at the head in steady steps, keeps what is wrong for `health`, and wakes those who wait. */
import type { Clock } from '../../core/ports/clock.ts'
import type { Logger } from '../../core/ports/logger.ts'
import type { Metrics } from '../../core/ports/metrics.ts'
import type { ChainHealth } from '../api.ts'
import { ChainError } from '../errors.ts'
import type { Follower } from './follower.ts'

/** Failures in a row after which those who wait are told: single ones are ordinary. */
const FAILURES_TO_REJECT = 3
/** The pause grows with each failure up to this. */
const MAX_PAUSE_MS = 15_000

export interface Runner {
  /**
   * The first value that `attempt` gives after some step. With `signal` only the waiting ends.
   * @param options.patient waits through problems instead of telling them: for a start, not for a phase of an epoch.
   * @throws {ChainError} the present problem, once it lasts; `stopped`.
   */
  until<T>(attempt: () => T | undefined, signal: AbortSignal, options?: { patient?: boolean }): Promise<T>
  /** Looks at the head now. */
  wake(): void
  health(): ChainHealth
  stop(): Promise<void>
}

interface Waiter {
  check(): void
  fail(error: unknown): void
}

export interface RunnerModules {
  follower: Follower
  /** What is wrong though steps succeed. */
  warning: () => ChainError | undefined
  clock: Clock
  logger: Logger
  metrics: Metrics
}

export function startRunner(pollMs: number, { follower, warning, clock, logger, metrics }: RunnerModules): Runner {
  const stopping = new AbortController()
  const waiters = new Set<Waiter>()
  let failures = 0
  let lastSeenMs: number | undefined
  let problem: ChainHealth['problem']
  let wakeUp: () => void = () => {}
  let woken = false

  const report = (error: unknown) => {
    const code = error instanceof ChainError ? error.code : 'unknown'
    const message = error instanceof Error ? error.message : String(error)
    if (problem?.code !== code) {
      logger.warn('the chain can’t be followed as it should', { code, error: message })
      problem = { code, message, sinceMs: clock.now() }
    }
    metrics.count('chain_problems_total', { code })
  }

  const look = async (): Promise<number> => {
    try {
      const more = await follower.step(stopping.signal)
      const trouble = warning()
      if (trouble !== undefined) report(trouble)
      else if (problem !== undefined) {
        logger.info('the chain is followed again', { code: problem.code, afterMs: clock.now() - problem.sinceMs })
        problem = undefined
      }
      failures = 0
      lastSeenMs = clock.now()
      for (const waiter of [...waiters]) waiter.check()
      return more ? 0 : pollMs
    } catch (error) {
      if (stopping.signal.aborted) return 0
      report(error)
      failures++
      if (failures >= FAILURES_TO_REJECT) for (const waiter of [...waiters]) waiter.fail(error)
      return Math.min(MAX_PAUSE_MS, pollMs * 2 ** Math.min(failures - 1, 6))
    }
  }

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (woken || stopping.signal.aborted) return resolve()
      const cancel = clock.schedule(clock.now() + ms, () => wakeUp())
      wakeUp = () => {
        cancel()
        wakeUp = () => {}
        resolve()
      }
    })

  const run = async () => {
    while (!stopping.signal.aborted) {
      woken = false
      const pauseMs = await look()
      if (pauseMs > 0) await pause(pauseMs)
    }
  }
  const running = run()

  return {
    until(attempt, signal, { patient = false } = {}) {
      return new Promise((resolve, reject) => {
        if (stopping.signal.aborted) return reject(stopped())
        if (signal.aborted) return reject(signal.reason)
        const end = (settle: () => void) => {
          waiters.delete(waiter)
          signal.removeEventListener('abort', onAbort)
          settle()
        }
        const onAbort = () => end(() => reject(signal.reason))
        const waiter: Waiter = {
          check() {
            try {
              const value = attempt()
              if (value !== undefined) end(() => resolve(value))
            } catch (error) {
              end(() => reject(error))
            }
          },
          fail(error) {
            if (!patient || stopping.signal.aborted) end(() => reject(error))
          },
        }
        signal.addEventListener('abort', onAbort, { once: true })
        waiters.add(waiter)
        waiter.check()
        if (waiters.has(waiter) && failures >= FAILURES_TO_REJECT && problem !== undefined) {
          const { code, message } = problem
          waiter.fail(code === 'unknown' ? new Error(message) : new ChainError(code, message))
        }
      })
    },
    wake() {
      woken = true
      wakeUp()
    },
    health: () => ({ head: follower.tip, lastSeenMs, problem }),
    async stop() {
      stopping.abort(stopped())
      wakeUp()
      await running
      for (const waiter of [...waiters]) waiter.fail(stopped())
    },
  }
}

function stopped(): ChainError {
  return new ChainError('stopped', 'the chain follower was stopped')
}
