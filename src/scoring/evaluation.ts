/** Input and output of the evaluation of one epoch: plain columns, nothing else enters. */
import type { Address, Epoch } from '../core/ids.ts'
import type { ObservationColumns } from '../core/observations.ts'
import type { EvaluationParams } from '../core/params.ts'
import type { EpochUnits } from './epoch-units.ts'
import type { UnitTable } from './unit-table.ts'

/** One counting reveal. The caller has left out void entries and units of the reporter's own operator. */
export interface EpochReport {
  reporter: Address
  /** Rows ascending by (unit, task); a row out of order, of an unknown unit, task or outcome is passed over. */
  columns: ObservationColumns
}

export interface EvaluateEpochInput {
  /** The parent's state; it is not changed. Epochs between its own and this one were skipped: they are neutral. */
  table: UnitTable
  epoch: Epoch
  units: EpochUnits
  /** In any order; at most one a reporter. */
  reports: readonly EpochReport[]
  params: EvaluationParams
  /** Oracles in the set, for the smallest number of usable reports, min(7, n − f − 1). */
  n: number
  /** Faulty ones among them that the protocol bears: ⌊(n − 1) / 3⌋. */
  f: number
}

export interface EvaluateEpochResult {
  /** The state after this epoch: one row for each of the epoch's units, in their order. */
  table: UnitTable
  /** By unit: index into VERDICTS. */
  verdict: Uint8Array
  /** By unit: what the epoch pays, in basis points. */
  paidBps: Uint16Array
  /** By unit: reports that counted, and those among them that failed. */
  usable: Uint8Array
  failed: Uint8Array
}
