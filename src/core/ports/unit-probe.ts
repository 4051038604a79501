/** Measuring one data unit: real requests to a real backend, or a provider's behaviour in the simulation. */
import type { Epoch, Hash32 } from '../ids.ts'
import type { ProbeOutcome, ProbeTask } from '../observations.ts'
import type { RegisteredUnit } from '../units.ts'

export interface ProbeAssignment {
  epoch: Epoch
  unit: RegisteredUnit
  task: ProbeTask
  /** Secret until the reveal: chooses object and range, so that nobody knows beforehand what is read. */
  entropy: Hash32
  /** Unix ms after which a result is of no use. */
  deadlineMs: number
}

export interface ProbeResult {
  outcome: ProbeOutcome
  /** 0 when nothing was received. */
  ttfbMs: number
  /** 0 when the transfer was too small to tell. */
  kbps: number
}

export interface UnitProbe {
  /** Obtains what the day's probes need (grants, object lists) ahead of time, for all units alike. */
  prepare(epoch: Epoch, units: readonly RegisteredUnit[], signal: AbortSignal): Promise<void>
  /** Never throws for what a backend does: every failure is an outcome. Throws only the signal's reason. */
  probe(assignment: ProbeAssignment, signal: AbortSignal): Promise<ProbeResult>
}
