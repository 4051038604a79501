/** One epoch for all units (docs/scoring.md): skipped epochs, counters, verdict, payment, state, the day's close. */

import { UNIT_STATUSES } from '../core/units.ts'
import { LOSS_DAYS, MAX_EPOCHS_PER_DAY } from './constants.ts'
import { countReports, createEdges, createTally, setEdges } from './counters.ts'
import { closeDay, type DayCloseInput, lowerScore } from './day-close.ts'
import { ScoringError } from './errors.ts'
import type { EvaluateEpochInput, EvaluateEpochResult } from './evaluation.ts'
import { stateAfterEpoch, WARNING_MISSES } from './life-cycle.ts'
import { createUnitMetrics, measure } from './metrics.ts'
import { nextTable } from './next-table.ts'
import { assignSlots, MAX_REPORTERS } from './reporter-table.ts'
import { createScoreBreakdown, createScoreInputs } from './score.ts'
import { closingPhase, neutralBps, skipEpochs, takeMaintenance } from './skipped.ts'
import { createUnitReports, type ReportCursor, readUnit } from './unit-reports.ts'
import { eraseSlot } from './unit-table.ts'
import { CREDIT_TERMS, creditOf, MISSED, minimumUsable, NEUTRAL, paidOf, verdictOf } from './verdict.ts'

const MAINTENANCE = UNIT_STATUSES.indexOf('Maintenance')

/** Everything of one evaluation that its units share; the scratch objects are filled anew for each. */
export interface EpochContext extends DayCloseInput {
  input: EvaluateEpochInput
  cursors: ReportCursor[]
  minimum: number
  /** Slots that changed hands in this epoch. */
  reassigned: readonly number[]
  /** First epoch to be skipped; `epoch` when none was. */
  from: number
  /** Maintenance within its budget: the unit's reports were left out. */
  excluded: boolean
  reports: ReturnType<typeof createUnitReports>
  tally: ReturnType<typeof createTally>
  edges: ReturnType<typeof createEdges>
  /** By CREDIT_TERMS; `creditBps` is the largest. */
  credits: Int32Array
  creditBps: number
  verdict: number
  paidBps: number
}

/** @throws {ScoringError} for inputs that no honest caller has; see its codes. */
export function createContext(input: EvaluateEpochInput): EpochContext {
  const { epoch, params, units } = input
  const { epochsPerDay } = params
  if (!(Number.isInteger(epochsPerDay) && epochsPerDay >= 1 && epochsPerDay <= MAX_EPOCHS_PER_DAY))
    throw new ScoringError('bad-params', `epochsPerDay must be 1 … ${MAX_EPOCHS_PER_DAY}, not ${epochsPerDay}`)
  if (epoch <= input.table.epoch)
    throw new ScoringError('epoch-not-after-parent', `epoch ${epoch} does not follow ${input.table.epoch}`)
  if (input.reports.length > MAX_REPORTERS)
    throw new ScoringError('too-many-reporters', `${input.reports.length} reports; a set has at most 31 seats`)
  const reports = [...input.reports].sort((a, b) => (a.reporter < b.reporter ? -1 : 1))
  const addresses = reports.map((report) => report.reporter)
  if (new Set(addresses).size !== addresses.length)
    throw new ScoringError('duplicate-reporter', 'two reports of one reporter in an epoch')
  const { reporters, slotOf, reassigned } = assignSlots(input.table.reporters, addresses, epoch, epochsPerDay)
  return {
    input,
    table: nextTable(input.table, units, reporters, epoch),
    row: 0,
    epoch,
    epochsPerDay,
    minReports: params.minReports,
    from: input.table.epoch < 0 ? epoch : input.table.epoch + 1,
    minimum: minimumUsable(input.n, input.f),
    reassigned,
    cursors: reports.map((report, k) => ({ slot: slotOf[k]!, report, at: 0 })),
    terms: { availabilityPpm: 0, ttfbP95Ms: 0, downP10Kbps: 0, upP10Kbps: 0 },
    consumerAdjustmentBps: 0,
    metrics: createUnitMetrics(),
    inputs: createScoreInputs(),
    breakdown: createScoreBreakdown(),
    excluded: false,
    reports: createUnitReports(),
    tally: createTally(),
    edges: createEdges(),
    credits: new Int32Array(CREDIT_TERMS.length),
    creditBps: 0,
    verdict: NEUTRAL,
    paidBps: 0,
  }
}

function setUnit(context: EpochContext, row: number): void {
  const { units } = context.input
  context.row = row
  context.terms.availabilityPpm = units.availabilityPpm[row]!
  context.terms.ttfbP95Ms = units.ttfbP95Ms[row]!
  context.terms.downP10Kbps = units.downP10Kbps[row]!
  context.terms.upP10Kbps = units.upP10Kbps[row]!
  context.consumerAdjustmentBps = units.consumerAdjustmentBps?.[row] ?? 0
  setEdges(context.edges, context.terms)
}

function applySkipped(context: EpochContext): void {
  const { table, row, edges, input } = context
  if (context.from >= context.epoch || table.firstEpoch[row] === context.epoch) return
  skipEpochs(table, row, context.from, context.epoch - 1, context.epochsPerDay, (boundary) => {
    measure(table, row, edges, input.params, context.metrics)
    closeDay({ ...context, epoch: boundary })
  })
}

/** A loss counts when more than f reporters and more than half of the challengers saw it, or a jury said so. */
function confirmedLosses(context: EpochContext): number {
  const { tally, input, row } = context
  const seen = tally.losses > input.f && 2 * tally.losses > tally.challenges ? 1 : 0
  return Math.max(seen, input.units.confirmedLosses?.[row] ?? 0)
}

function judge(context: EpochContext): void {
  const { table, row, input, tally } = context
  context.excluded = input.units.status[row] === MAINTENANCE && takeMaintenance(table, row, context.epochsPerDay)
  if (context.excluded) context.reports.count = 0
  countReports(table, row, context.reports, context.edges, tally)
  measure(table, row, context.edges, input.params, context.metrics)
  context.creditBps = creditOf(context.terms, context.metrics, input.params, context.credits)
  context.verdict = verdictOf(tally.usable, tally.failed, context.minimum)
  context.paidBps = paidOf(context.verdict, context.creditBps, neutralBps(table, row))
}

/** Books the verdict: the leaf's cumulative fields, the day's sums, the state. */
function book(context: EpochContext): void {
  const { table, row, metrics, verdict, paidBps, tally } = context
  table.paidBpsSum[row]! += paidBps
  if (verdict === NEUTRAL) table.neutralEpochs[row]!++
  else {
    if (verdict === MISSED) table.missedEpochs[row]!++
    else table.metEpochs[row]!++
    table.dayCounted[row]!++
    table.dayPaidBps[row]! += paidBps
  }
  if (tally.challenges > 0) table.dayChallenged[row]!++
  table.availabilityPpm[row] = metrics.availabilityPpm
  table.ttfbP95Ms[row] = metrics.ttfbP95Ms
  table.downP10Kbps[row] = metrics.downP10Kbps
  table.upP10Kbps[row] = metrics.upP10Kbps
  table.samples[row] = metrics.ttfbSamples
  const losses = confirmedLosses(context)
  if (losses > 0) {
    table.lossIncidents[row]! += losses
    table.lossDays[row] = LOSS_DAYS
  }
  stateAfterEpoch(table, row, context.epoch, verdict, tally, context.epochsPerDay, losses > 0)
  if (losses > 0 || (verdict === MISSED && table.missedInRow[row]! >= WARNING_MISSES)) lowerScore(context)
}

/** Everything of an epoch but the day's close, in place; the unit's figures are left in the context. */
export function assessRow(context: EpochContext, row: number): void {
  setUnit(context, row)
  applySkipped(context)
  // Only now: the days that closed among the skipped epochs are still their former owners'.
  for (const slot of context.reassigned) eraseSlot(context.table, row, slot)
  readUnit(context.cursors, row, context.input.units.kind[row]!, context.reports)
  judge(context)
  book(context)
}

export function dayCloses(context: EpochContext): boolean {
  const { table, row, epoch, epochsPerDay } = context
  return epoch % epochsPerDay === closingPhase(table.ids, row, epochsPerDay)
}

/** Pure: the parent's table is left as it is. Same input, same bits, whatever the order of the reports. */
export function evaluateEpoch(input: EvaluateEpochInput): EvaluateEpochResult {
  const context = createContext(input)
  const { count } = input.units
  const result: EvaluateEpochResult = {
    table: context.table,
    verdict: new Uint8Array(count),
    paidBps: new Uint16Array(count),
    usable: new Uint8Array(count),
    failed: new Uint8Array(count),
  }
  for (let row = 0; row < count; row++) {
    assessRow(context, row)
    if (dayCloses(context)) closeDay(context)
    result.verdict[row] = context.verdict
    result.paidBps[row] = context.paidBps
    result.usable[row] = context.tally.usable
    result.failed[row] = context.tally.failed
  }
  return result
}
