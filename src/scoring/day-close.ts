/** Closing a unit's day (docs/scoring.md 5): the day's rates become evidence, the score is computed, counters roll on. */
import { AVAILABILITY_EVIDENCE, DECAY_2_DAYS, DECAY_30_DAYS, INTEGRITY_EVIDENCE, PPM } from './constants.ts'
import { mulDiv, scaleQ64, TWO_16, TWO_32 } from './fixed.ts'
import { halve } from './histogram.ts'
import { stateAfterDay } from './life-cycle.ts'
import { medianRatePpm, type UnitMetrics } from './metrics.ts'
import { type ScoreBreakdown, type ScoreInputs, scoreUnit } from './score.ts'
import {
  ATTEMPTS,
  CHALLENGE_FAILURES,
  CHALLENGES,
  COUNTERS,
  OP_ATTEMPTS,
  OP_FAILURES,
  PREV_ATTEMPTS,
  PREV_SUCCESSES,
  SMALL_BINS,
  SMALL_HISTOGRAMS,
  SUCCESSES,
  TTFB_BINS,
  type UnitTable,
} from './unit-table.ts'
import type { Terms } from './verdict.ts'

/** C in Q32: ⌊evidence · counted · 2^32 / epochsPerDay⌋. */
export function evidenceQ32(evidence: number, countedEpochs: number, epochsPerDay: number): number {
  return mulDiv(evidence * countedEpochs, TWO_32, epochsPerDay)
}

/**
 * S ← ⌊2^(−1/30)·S⌋ + ⌊C·a⌋ and F ← ⌊2^(−1/30)·F⌋ + C − ⌊C·a⌋; the fast pair alike with 2^(−1/2), the challenges with
 * their own C. The table keeps its values until the day closes.
 */
function fillEvidence(input: DayCloseInput): number {
  const { table, row, epochsPerDay, minReports, inputs } = input
  const rate = medianRatePpm(table, row, ATTEMPTS, SUCCESSES, minReports)
  const evidence = evidenceQ32(AVAILABILITY_EVIDENCE, rate < 0 ? 0 : table.dayCounted[row]!, epochsPerDay)
  const success = mulDiv(evidence, Math.max(rate, 0), PPM)
  inputs.slowSuccess = scaleQ64(table.slowSuccess[row]!, DECAY_30_DAYS) + success
  inputs.slowFailure = scaleQ64(table.slowFailure[row]!, DECAY_30_DAYS) + evidence - success
  inputs.fastSuccess = scaleQ64(table.fastSuccess[row]!, DECAY_2_DAYS) + success
  inputs.fastFailure = scaleQ64(table.fastFailure[row]!, DECAY_2_DAYS) + evidence - success
  const failures = medianRatePpm(table, row, CHALLENGES, CHALLENGE_FAILURES, minReports)
  const challenges = evidenceQ32(INTEGRITY_EVIDENCE, failures < 0 ? 0 : table.dayChallenged[row]!, epochsPerDay)
  const failure = mulDiv(challenges, Math.max(failures, 0), PPM)
  inputs.integritySuccess = scaleQ64(table.integritySuccess[row]!, DECAY_30_DAYS) + challenges - failure
  inputs.integrityFailure = scaleQ64(table.integrityFailure[row]!, DECAY_30_DAYS) + failure
  return rate
}

/** P ← ⌊2^(−1/30)·P⌋ + the day's paid basis points, W alike with the epochs that were judged; Q16. */
function addPaid(table: UnitTable, row: number): void {
  table.paidMass[row] = scaleQ64(table.paidMass[row]!, DECAY_30_DAYS) + table.dayPaidBps[row]! * TWO_16
  table.paidWeight[row] = scaleQ64(table.paidWeight[row]!, DECAY_30_DAYS) + table.dayCounted[row]! * TWO_16
  table.dayPaidBps[row] = 0
}

/** The current day becomes the previous one; a reporter of whom neither holds an attempt is forgotten. */
function rollCounters(table: UnitTable, row: number): void {
  const { counters, ttfb, small } = table
  const parity = table.daysClosed[row]! & 1
  const room = SMALL_HISTOGRAMS * SMALL_BINS
  for (let slot = row * table.slots; slot < (row + 1) * table.slots; slot++) {
    const base = slot * COUNTERS
    const attempts = counters[base + ATTEMPTS]!
    counters[base + PREV_ATTEMPTS] = attempts
    counters[base + PREV_SUCCESSES] = counters[base + SUCCESSES]!
    counters[base + ATTEMPTS] = 0
    counters[base + SUCCESSES] = 0
    if (attempts === 0) {
      counters.fill(0, base, base + COUNTERS)
      ttfb.fill(0, slot * TTFB_BINS, (slot + 1) * TTFB_BINS)
      small.fill(0, slot * room, (slot + 1) * room)
      continue
    }
    halve(counters, base + OP_ATTEMPTS, base + COUNTERS, parity)
    halve(ttfb, slot * TTFB_BINS, (slot + 1) * TTFB_BINS, parity)
    halve(small, slot * room, (slot + 1) * room, parity)
  }
}

/** Everything that the score is made of, the open day's evidence included; returns the day's availability in ppm or −1. */
function fillInputs(input: DayCloseInput): number {
  const { table, row, terms, metrics, inputs } = input
  inputs.recentLoss = table.lossDays[row]! > 0
  inputs.ttfbP95Ms = metrics.ttfbP95Ms
  inputs.downP10Kbps = metrics.downP10Kbps
  inputs.upP10Kbps = metrics.upP10Kbps
  inputs.freshnessP95Ms = metrics.freshnessP95Ms
  inputs.errorPpm = medianRatePpm(table, row, OP_ATTEMPTS, OP_FAILURES, input.minReports)
  inputs.targetPpm = terms.availabilityPpm
  inputs.ttfbTermMs = terms.ttfbP95Ms
  inputs.downTermKbps = terms.downP10Kbps
  inputs.upTermKbps = terms.upP10Kbps
  inputs.consumerAdjustmentBps = input.consumerAdjustmentBps
  return fillEvidence(input)
}

export interface DayCloseInput {
  table: UnitTable
  row: number
  epoch: number
  epochsPerDay: number
  minReports: number
  terms: Terms
  /** Of the row as it is, before the counters roll. */
  metrics: UnitMetrics
  consumerAdjustmentBps: number
  /** Scratch, filled. */
  inputs: ScoreInputs
  breakdown: ScoreBreakdown
}

/**
 * Lowers the score to what it would be if the day closed now; never raises it, and nothing else moves. A total failure is
 * not to keep its old score until the close.
 */
export function lowerScore(input: DayCloseInput): void {
  fillInputs(input)
  const { table, row } = input
  table.scoreBps[row] = Math.min(table.scoreBps[row]!, scoreUnit(input.inputs, input.breakdown))
}

/** Closes the day in place; returns the day's availability in ppm, −1 when it was not judged. */
export function closeDay(input: DayCloseInput): number {
  const { table, row, epochsPerDay, inputs } = input
  const rate = fillInputs(input)
  table.scoreBps[row] = scoreUnit(inputs, input.breakdown)
  table.slowSuccess[row] = inputs.slowSuccess
  table.slowFailure[row] = inputs.slowFailure
  table.fastSuccess[row] = inputs.fastSuccess
  table.fastFailure[row] = inputs.fastFailure
  table.integritySuccess[row] = inputs.integritySuccess
  table.integrityFailure[row] = inputs.integrityFailure
  stateAfterDay(table, row, input.epoch, rate, input.terms.availabilityPpm, epochsPerDay)
  addPaid(table, row)
  rollCounters(table, row)
  table.dayCounted[row] = 0
  table.dayChallenged[row] = 0
  table.daysClosed[row]!++
  if (table.lossDays[row]! > 0) table.lossDays[row]!--
  table.maintenanceUsed[row] = Math.max(0, table.maintenanceUsed[row]! - epochsPerDay)
  return rate
}
