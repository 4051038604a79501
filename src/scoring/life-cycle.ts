/** The attested states of a unit, and why it is in one (docs/scoring.md 7). */
import { UNIT_STATES, type UnitState } from '../core/units.ts'
import { AVAILABILITY_TARGET_MIN_PPM, PPM } from './constants.ts'
import type { EpochTally } from './counters.ts'
import type { UnitTable } from './unit-table.ts'
import { MET, MISSED } from './verdict.ts'

/** Why the last transition happened. Index = value in the record. */
export const STATE_REASONS = [
  'registered',
  'vetted',
  'good-day',
  'availability-below-terms',
  'missed-epochs',
  'outage',
  'bad-days',
  'data-lost',
  'recovering',
  'good-days',
  'abandoned',
  'never-vetted',
] as const
export type StateReason = (typeof STATE_REASONS)[number]

/** A day further below the target than the second credit tier is a bad one. */
const BAD_DAY_SHORTFALL_PPM = 9_000
/** Missed epochs in a row that make a warning: one can be a restart, three are half an hour. */
export const WARNING_MISSES = 3
/** A quarter of a day out is an outage; never so few epochs that a warning would not come first. */
const OUTAGE_DAY_SHARE = 4
const OUTAGE_MISSES_MIN = WARNING_MISSES + 1
const BAD_DAYS_TO_SUSPEND = 3
const GOOD_DAYS_FROM_WARNED = 3
const GOOD_DAYS_FROM_PROBATION = 7
/** Good days before a suspended unit is tried again: the more after it lost data. */
const GOOD_DAYS_TO_RETRY = 1
const GOOD_DAYS_TO_RETRY_AFTER_LOSS = 7
/** Days after which a unit that stays suspended, or was never vetted, is removed. */
const REMOVAL_DAYS = 30

const stateIndex = (state: UnitState): number => UNIT_STATES.indexOf(state)
const PENDING = stateIndex('Pending')
const VETTING = stateIndex('Vetting')
const ACTIVE = stateIndex('Active')
const WARNED = stateIndex('Warned')
const SUSPENDED = stateIndex('Suspended')
const PROBATION = stateIndex('Probation')
const REMOVED = stateIndex('Removed')

function enter(table: UnitTable, row: number, state: number, reason: StateReason, epoch: number): void {
  table.state[row] = state
  table.stateReason[row] = STATE_REASONS.indexOf(reason)
  table.stateSinceEpoch[row] = epoch
  table.badDays[row] = 0
  table.cleanDays[row] = 0
}

const served = (state: number): boolean => state !== PENDING && state !== SUSPENDED && state !== REMOVED

/** After an epoch's verdict: vetting, warnings, outages, losses. */
export function stateAfterEpoch(
  table: UnitTable,
  row: number,
  epoch: number,
  verdict: number,
  tally: EpochTally,
  epochsPerDay: number,
  lost: boolean,
): void {
  const misses = verdict === MISSED ? Math.min(65_535, table.missedInRow[row]! + 1) : table.missedInRow[row]!
  table.missedInRow[row] = verdict === MET ? 0 : misses
  const state = table.state[row]!
  const outage = Math.max(OUTAGE_MISSES_MIN, Math.floor(epochsPerDay / OUTAGE_DAY_SHARE))
  if (state === PENDING && verdict === MET && tally.unwritable <= tally.writable)
    enter(table, row, VETTING, 'vetted', epoch)
  // Seven good days after a loss are days after it, also for a unit that was suspended before.
  if (lost) table.cleanDays[row] = 0
  if (!served(state)) return
  if (lost) enter(table, row, SUSPENDED, 'data-lost', epoch)
  else if (misses >= outage) enter(table, row, SUSPENDED, 'outage', epoch)
  else if (state === ACTIVE && misses >= WARNING_MISSES) enter(table, row, WARNED, 'missed-epochs', epoch)
}

/**
 * At the close of a day.
 * @param ratePpm the day's availability, −1 when it was not judged
 */
export function stateAfterDay(
  table: UnitTable,
  row: number,
  epoch: number,
  ratePpm: number,
  targetPpm: number,
  epochsPerDay: number,
): void {
  const state = table.state[row]!
  // Of the state that the day began in: who is suspended by this very close has not been so for 30 days.
  const stale = epoch - table.stateSinceEpoch[row]! >= REMOVAL_DAYS * epochsPerDay
  if (state === REMOVED) return
  if (state === PENDING) {
    if (stale) enter(table, row, REMOVED, 'never-vetted', epoch)
    return
  }
  if (ratePpm >= 0 && 2 * table.dayCounted[row]! >= epochsPerDay) {
    const target = Math.min(targetPpm || AVAILABILITY_TARGET_MIN_PPM, PPM)
    if (ratePpm >= target - BAD_DAY_SHORTFALL_PPM) afterGoodDay(table, row, epoch, state)
    else afterBadDay(table, row, epoch, state)
  }
  if (stale && state === SUSPENDED && table.state[row] === SUSPENDED) enter(table, row, REMOVED, 'abandoned', epoch)
}

function afterGoodDay(table: UnitTable, row: number, epoch: number, state: number): void {
  const days = Math.min(65_535, table.cleanDays[row]! + 1)
  table.cleanDays[row] = days
  table.badDays[row] = 0
  const retry = table.lossDays[row]! > 0 ? GOOD_DAYS_TO_RETRY_AFTER_LOSS : GOOD_DAYS_TO_RETRY
  if (state === VETTING) enter(table, row, ACTIVE, 'good-day', epoch)
  else if (state === WARNED && days >= GOOD_DAYS_FROM_WARNED) enter(table, row, ACTIVE, 'good-days', epoch)
  else if (state === PROBATION && days >= GOOD_DAYS_FROM_PROBATION) enter(table, row, ACTIVE, 'good-days', epoch)
  else if (state === SUSPENDED && days >= retry) enter(table, row, PROBATION, 'recovering', epoch)
}

function afterBadDay(table: UnitTable, row: number, epoch: number, state: number): void {
  const days = Math.min(65_535, table.badDays[row]! + 1)
  table.badDays[row] = days
  table.cleanDays[row] = 0
  if (state === ACTIVE) enter(table, row, WARNED, 'availability-below-terms', epoch)
  else if (state === PROBATION) enter(table, row, SUSPENDED, 'availability-below-terms', epoch)
  else if (state === WARNED && days >= BAD_DAYS_TO_SUSPEND) enter(table, row, SUSPENDED, 'bad-days', epoch)
}
