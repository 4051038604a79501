/**
 * Which reporter owns which slot of a unit's counters. One table for all units: a slot number costs a row one bit,
 * an address would cost it 20 bytes.
 */
import type { Address } from '../core/ids.ts'

/** Two full sets of 31: a rotation inside the window of two days keeps everybody's counts. */
export const MAX_REPORTERS = 64
/** Rows grow by this many slots at a time. */
export const SLOT_STEP = 16

export interface ReporterTable {
  /** By slot; at most MAX_REPORTERS, shorter while slots were never used. */
  addresses: Address[]
  /** Epoch of the last report, by slot. */
  lastEpoch: Float64Array
}

export function createReporterTable(): ReporterTable {
  return { addresses: [], lastEpoch: new Float64Array(MAX_REPORTERS).fill(-1) }
}

/** Slots a row of the unit table has for these reporters. */
export function slotsFor(reporters: ReporterTable): number {
  return Math.max(1, Math.ceil(reporters.addresses.length / SLOT_STEP)) * SLOT_STEP
}
