/** Closing a unit's day (docs/scoring.md 5): the day's rates become evidence, the score is computed, counters roll on. */
import type { SlaTerms } from '../core/units.ts'
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
  eraseSlot,
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
import { nextEvidence } from './wilson.ts'

/**
 * C in Q32: ⌊evidence · counted · 2^32 / epochsPerDay⌋. A day that began under more epochs a day than now counts as a full
 * one at most.
 */
export function evidenceQ32(evidence: number, countedEpochs: number, epochsPerDay: number): number {
  return mulDiv(evidence * Math.min(countedEpochs, epochsPerDay), TWO_32, epochsPerDay)
}

/** The three pairs a day later, by the rule of nextEvidence; the table keeps its values until the day closes. */
function fillEvidence(input: DayCloseInput): number {
  const { table, row, epochsPerDay, minReports, inputs } = input
  const rate = medianRatePpm(table, row, ATTEMPTS, SUCCESSES, minReports)
  const evidence = evidenceQ32(AVAILABILITY_EVIDENCE, rate < 0 ? 0 : table.dayCounted[row]!, epochsPerDay)
  const success = mulDiv(evidence, Math.max(rate, 0), PPM)
  const slow = { success: table.slowSuccess[row]!, failure: table.slowFailure[row]! }
  const nextSlow = nextEvidence(slow, DECAY_30_DAYS, evidence, success)
  inputs.slowSuccess = nextSlow.success
  inputs.slowFailure = nextSlow.failure
  const fast = { success: table.fastSuccess[row]!, failure: table.fastFailure[row]! }
  const nextFast = nextEvidence(fast, DECAY_2_DAYS, evidence, success)
  inputs.fastSuccess = nextFast.success
  inputs.fastFailure = nextFast.failure
  const failures = medianRatePpm(table, row, CHALLENGES, CHALLENGE_FAILURES, minReports)
  const challenges = evidenceQ32(INTEGRITY_EVIDENCE, failures < 0 ? 0 : table.dayChallenged[row]!, epochsPerDay)
  const kept = challenges - mulDiv(challenges, Math.max(failures, 0), PPM)
  const challenged = { success: table.integritySuccess[row]!, failure: table.integrityFailure[row]! }
  const nextChallenged = nextEvidence(challenged, DECAY_30_DAYS, challenges, kept)
  inputs.integritySuccess = nextChallenged.success
  inputs.integrityFailure = nextChallenged.failure
  return rate
}

/**
 * W ← max(1, ⌊2^(−1/30)·W⌋) and P ← ⌊P·W′/W⌋, plus the day's judged epochs and their paid basis points, Q16. P follows W's own
 * floor and W never vanishes: with a floor each, P/W would pass 10 000 and, after a year and a half without a judged epoch, pay
 * twenty-five times the price.
 */
function addPaid(table: UnitTable, row: number): void {
  const weight = table.paidWeight[row]!
  if (weight > 0) {
    const kept = Math.max(1, scaleQ64(weight, DECAY_30_DAYS))
    table.paidMass[row] = mulDiv(table.paidMass[row]!, kept, weight)
    table.paidWeight[row] = kept
  }
  table.paidMass[row]! += table.dayPaidBps[row]! * TWO_16
  table.paidWeight[row]! += table.dayCounted[row]! * TWO_16
  table.dayPaidBps[row] = 0
}

/** The current day becomes the previous one; a reporter of whom neither holds an attempt is forgotten. */
function rollCounters(table: UnitTable, row: number): void {
  const { counters, ttfb, small } = table
  const parity = table.daysClosed[row]! & 1
  const room = SMALL_HISTOGRAMS * SMALL_BINS
  for (let slot = 0; slot < table.slots; slot++) {
    const at = row * table.slots + slot
    const base = at * COUNTERS
    const attempts = counters[base + ATTEMPTS]!
    counters[base + PREV_ATTEMPTS] = attempts
    counters[base + PREV_SUCCESSES] = counters[base + SUCCESSES]!
    counters[base + ATTEMPTS] = 0
    counters[base + SUCCESSES] = 0
    if (attempts === 0) {
      eraseSlot(table, row, slot)
      continue
    }
    halve(counters, base + OP_ATTEMPTS, base + COUNTERS, parity)
    halve(ttfb, at * TTFB_BINS, (at + 1) * TTFB_BINS, parity)
    halve(small, at * room, (at + 1) * room, parity)
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
  terms: SlaTerms
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
