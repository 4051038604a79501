/** Neutral epochs: what they pay, and the ones that no root was attested for. */
import { FULL_BPS, MAINTENANCE_BUDGET_DAYS, MAINTENANCE_COST } from './constants.ts'
import { TWO_16 } from './fixed.ts'
import type { UnitTable } from './unit-table.ts'

/** The 30-day-half-life mean of paid basis points, today's included; all of it before any history. */
export function neutralBps(table: UnitTable, row: number): number {
  const weight = table.paidWeight[row]! + table.dayCounted[row]! * TWO_16
  if (weight === 0) return FULL_BPS
  return Math.floor((table.paidMass[row]! + table.dayPaidBps[row]! * TWO_16) / weight)
}

/** `id mod epochsPerDay`, the id as a big-endian number: the epoch of the day at which a unit's day closes. */
export function closingPhase(ids: Uint8Array, row: number, epochsPerDay: number): number {
  let rest = 0
  for (let i = row * 32; i < (row + 1) * 32; i++) rest = (rest * 256 + ids[i]!) % epochsPerDay
  return rest
}

/**
 * Applies the epochs `from` … `to` as neutral; `close(epoch)` closes the day at each boundary passed, in order. Between
 * two boundaries all neutral epochs pay alike, so that a week's gap costs seven steps and not a thousand.
 */
export function skipEpochs(
  table: UnitTable,
  row: number,
  from: number,
  to: number,
  epochsPerDay: number,
  close: (epoch: number) => void,
): void {
  const phase = closingPhase(table.ids, row, epochsPerDay)
  let next = from
  while (next <= to) {
    const boundary = next + ((phase - (next % epochsPerDay) + epochsPerDay) % epochsPerDay)
    const last = Math.min(boundary, to)
    const epochs = last - next + 1
    table.paidBpsSum[row]! += epochs * neutralBps(table, row)
    table.neutralEpochs[row]! += epochs
    if (boundary <= to) close(boundary)
    next = last + 1
  }
}

/** Takes one epoch of maintenance from the budget; false when it is used up and the unit is judged as usual. */
export function takeMaintenance(table: UnitTable, row: number, epochsPerDay: number): boolean {
  const used = table.maintenanceUsed[row]! + MAINTENANCE_COST
  if (used > MAINTENANCE_BUDGET_DAYS * epochsPerDay) return false
  table.maintenanceUsed[row] = used
  return true
}
