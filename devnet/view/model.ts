/** What the live view shows, as plain data: collected elsewhere, drawn by frame.ts. */
import type { UnitKind, UnitState } from '../../src/core/units.ts'

export interface ViewNode {
  /** As in the log lines and the result: its number. */
  index: number
  running: boolean
  /** Kind of the unit it provides, if any. */
  provides: UnitKind | undefined
  /** Newest alarm of the current or last epoch, by its code. */
  alarm: string | undefined
}

export interface ViewUnit {
  kind: UnitKind
  state: UnitState
  scoreBps: number
  /** Paid basis points of the last epochs, oldest first; `undefined` for an epoch without a root. */
  paidBps: readonly (number | undefined)[]
  /** 0: no claim yet. */
  availabilityPpm: number
  /** 0: no claim yet. */
  ttfbP95Ms: number
  metEpochs: number
  missedEpochs: number
}

export interface ViewAttestation {
  epoch: number
  /** Bit i of the set: signed or not. */
  signed: readonly boolean[]
  gasUsed: number
  msAfterProposal: number
}

export interface ViewReservation {
  id: string
  kind: UnitKind
  /** Smallest token units (18 decimals), as on chain. */
  deposited: bigint
  paid: bigint
  refunded: bigint
}

export interface ViewEvent {
  /** Milliseconds since the command. */
  atMs: number
  text: string
}

export interface ViewModel {
  elapsedMs: number
  /** Why the run is what it is: scenario, seed. */
  title: string
  epoch: { number: number; phase: string; milli: number; leftMs: number } | undefined
  quorum: number
  attested: number
  skipped: number
  nodes: readonly ViewNode[]
  units: readonly ViewUnit[]
  /** Newest first. */
  attestations: readonly ViewAttestation[]
  reservations: readonly ViewReservation[]
  /** Oldest first. */
  events: readonly ViewEvent[]
}
