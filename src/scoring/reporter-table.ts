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

export interface SlotAssignment {
  reporters: ReporterTable
  /** Slot of each address, in the order given. */
  slotOf: number[]
  /** Slots that changed hands: what rows hold there belongs to somebody else and is to be erased. */
  reassigned: number[]
}

/**
 * The slots of an epoch's reporters. A newcomer takes the lowest slot whose owner has been silent for more than two days
 * (no unit remembers anything of it), else the next unused one, else the one that has been silent longest.
 * @param sorted distinct addresses, ascending: the outcome must not depend on the order in which reveals arrived
 */
export function assignSlots(
  parent: ReporterTable,
  sorted: readonly Address[],
  epoch: number,
  epochsPerDay: number,
): SlotAssignment {
  const reporters: ReporterTable = { addresses: [...parent.addresses], lastEpoch: parent.lastEpoch.slice() }
  const known = new Map(reporters.addresses.map((address, slot) => [address, slot]))
  const slotOf: number[] = []
  const reassigned: number[] = []
  for (const address of sorted) {
    const slot = known.get(address)
    if (slot !== undefined) reporters.lastEpoch[slot] = epoch
  }
  for (const address of sorted) {
    let slot = known.get(address)
    if (slot === undefined) {
      slot = freeSlot(reporters, epoch - 2 * epochsPerDay)
      if (slot < reporters.addresses.length) reassigned.push(slot)
      reporters.addresses[slot] = address
      reporters.lastEpoch[slot] = epoch
    }
    slotOf.push(slot)
  }
  return { reporters, slotOf, reassigned }
}

function freeSlot(reporters: ReporterTable, forgottenBefore: number): number {
  const { addresses, lastEpoch } = reporters
  let oldest = 0
  for (let slot = 0; slot < addresses.length; slot++) {
    if (lastEpoch[slot]! < forgottenBefore) return slot
    if (lastEpoch[slot]! < lastEpoch[oldest]!) oldest = slot
  }
  return addresses.length < MAX_REPORTERS ? addresses.length : oldest
}
