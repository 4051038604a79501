/**
 * Kills one thing an epoch, at an instant and of a kind that the seed chooses, and starts it again a while later; the chain too. Never are
 * more nodes down than the protocol tolerates: what is missing then is the protocol's fault.
 */
import { createHmac } from 'node:crypto'
import { type EpochClock, epochAt, epochStartMs } from '../src/core/epoch-clock.ts'
import { maxFaulty } from '../src/core/quorum.ts'
import { systemClock } from '../src/node/system-ports.ts'
import type { DevnetLog } from './log.ts'

export interface Victim {
  name: string
  isNode: boolean
  running(): boolean
  kill(): void
  /** Resolves once it is ready again. */
  restart(): Promise<void>
}

export interface ChaosModules {
  clock: EpochClock
  seed: string
  victims: readonly Victim[]
  log: DevnetLog
}

/** First epoch in which something dies: before it everybody has to meet. */
const FIRST_EPOCH = 1
/** Time a victim stays dead, in thousandths of an epoch. */
const DEAD_MILLI = 400

/** Integers from the seed: the same seed kills the same things at the same instants of the same epochs. */
export function choose(seed: string, epoch: number, purpose: string, below: number): number {
  return createHmac('sha256', seed).update(`chaos ${epoch} ${purpose}`).digest().readUInt32BE(0) % below
}

/** @returns a function that ends it. */
export function unleash({ clock, seed, victims, log }: ChaosModules): () => void {
  const nodes = victims.filter(({ isNode }) => isNode).length
  const down = new Set<Victim>()
  const cancels = new Set<() => void>()
  let stopped = false

  const at = (ms: number, task: () => void) => {
    const cancel = systemClock.schedule(ms, () => {
      cancels.delete(cancel)
      if (!stopped) task()
    })
    cancels.add(cancel)
  }
  const revive = async (victim: Victim) => {
    try {
      await victim.restart()
      down.delete(victim)
      if (!stopped) log.line(`${victim.name} is back`)
    } catch (error) {
      if (!stopped)
        log.line(`${victim.name} did not come back: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const strike = (epoch: number) => {
    const nodesDown = [...down].filter(({ isNode }) => isNode).length
    const possible = victims.filter(
      (victim) => victim.running() && !down.has(victim) && (!victim.isNode || nodesDown < maxFaulty(nodes)),
    )
    const victim = possible[choose(seed, epoch, 'victim', Math.max(1, possible.length))]
    if (!victim) return
    down.add(victim)
    log.line(`chaos: killing ${victim.name}`)
    victim.kill()
    at(systemClock.now() + DEAD_MILLI * clock.epochSeconds, () => void revive(victim))
  }
  const plan = (epoch: number) => {
    const instant = epochStartMs(clock, epoch) + choose(seed, epoch, 'instant', clock.epochSeconds * 1_000)
    at(instant, () => strike(epoch))
    at(epochStartMs(clock, epoch + 1), () => plan(epoch + 1))
  }
  plan(Math.max(FIRST_EPOCH, epochAt(clock, systemClock.now()) + 1))
  return () => {
    stopped = true
    for (const cancel of cancels) cancel()
  }
}
