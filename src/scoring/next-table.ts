/** The table of an epoch before its reports: the parent's rows, plus new units, less those that the chain no longer lists. */
import type { EpochUnits } from './epoch-units.ts'
import { ScoringError } from './errors.ts'
import { type ReporterTable, slotsFor } from './reporter-table.ts'
import { cloneTable, copyRow, createUnitTable, type UnitTable } from './unit-table.ts'

/** Order of two 32-byte ids. */
function compareIds(a: Uint8Array, i: number, b: Uint8Array, j: number): number {
  for (let k = 0; k < 32; k++) {
    const difference = a[i * 32 + k]! - b[j * 32 + k]!
    if (difference !== 0) return difference
  }
  return 0
}

function sameUnits(table: UnitTable, units: EpochUnits): boolean {
  if (table.count !== units.count) return false
  for (let i = 0; i < units.count * 32; i++) if (table.ids[i] !== units.ids[i]) return false
  return true
}

function mergeRows(parent: UnitTable, units: EpochUnits, slots: number, epoch: number): UnitTable {
  const next = createUnitTable(units.count, slots)
  let from = 0
  for (let row = 0; row < units.count; row++) {
    if (row > 0 && compareIds(units.ids, row - 1, units.ids, row) >= 0)
      throw new ScoringError('units-unsorted', `unit ${row} does not follow its predecessor`)
    while (from < parent.count && compareIds(parent.ids, from, units.ids, row) < 0) from++
    if (from < parent.count && compareIds(parent.ids, from, units.ids, row) === 0) copyRow(parent, from, next, row)
    else {
      next.ids.set(units.ids.subarray(row * 32, row * 32 + 32), row * 32)
      next.firstEpoch[row] = epoch
      next.stateSinceEpoch[row] = epoch
    }
  }
  return next
}

/** @throws {ScoringError} `units-unsorted` */
export function nextTable(parent: UnitTable, units: EpochUnits, reporters: ReporterTable, epoch: number): UnitTable {
  const slots = slotsFor(reporters)
  const next =
    slots === parent.slots && sameUnits(parent, units) ? cloneTable(parent) : mergeRows(parent, units, slots, epoch)
  next.reporters = reporters
  next.epoch = epoch
  return next
}
