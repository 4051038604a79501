/**
 * Why a unit's verdict and score are what they are, as data: the evaluation's own functions run once more for one unit
 * and leave their numbers behind. Whoever shows an explanation computes nothing.
 */
import { type Address, bytesToHex, type Epoch, type UnitId } from '../core/ids.ts'
import { type SlaTerms, UNIT_STATES, type UnitState } from '../core/units.ts'
import { closeDay, lowerScore } from './day-close.ts'
import { createEpochUnits, type EpochUnits } from './epoch-units.ts'
import { assessRow, createContext, dayCloses, type EpochContext } from './evaluate-epoch.ts'
import type { EpochReport, EvaluateEpochInput } from './evaluation.ts'
import { STATE_REASONS, type StateReason } from './life-cycle.ts'
import { type UnitMetrics, windowRatePpm } from './metrics.ts'
import type { ScoreBreakdown, ScoreInputs } from './score.ts'
import { neutralBps } from './skipped.ts'
import { BAD, GOOD, NOTHING } from './unit-reports.ts'
import { ATTEMPTS, COUNTERS, copyRow, createUnitTable, PREV_ATTEMPTS, type UnitTable } from './unit-table.ts'
import { CREDIT_TERMS, VERDICTS, type Verdict } from './verdict.ts'

export interface ReporterFigures {
  reporter: Address
  /** What this epoch's report says; `none`: no report of this unit. */
  report: 'good' | 'bad' | 'unusable' | 'none'
  /** Epochs reported on in the previous and the current day. */
  attempts: number
  /** r_i; −1 without an attempt. */
  ratePpm: number
}

export interface UnitExplanation {
  unitId: UnitId
  epoch: Epoch
  verdict: Verdict
  paidBps: number
  /** What a neutral epoch would have paid. */
  neutralBps: number
  usable: number
  failed: number
  minimumUsable: number
  /** Maintenance within its budget: whatever was reported does not count. */
  maintenance: boolean
  /** Usable integrity challenges of the epoch, and those that found content gone or altered. */
  challenges: number
  losses: number
  terms: SlaTerms
  metrics: UnitMetrics
  /** Credits by term in basis points, −1 where a term is not enforced; the largest is the one that counts. */
  credits: { term: (typeof CREDIT_TERMS)[number]; creditBps: number }[]
  /** Ascending by rate: the middle of those with an attempt is the median. */
  reporters: ReporterFigures[]
  state: UnitState
  stateReason: StateReason
  stateSinceEpoch: Epoch
  /** Whether this epoch closed the unit's day; else `inputs` and `breakdown` are what a close now would give. */
  dayClosed: boolean
  inputs: ScoreInputs
  breakdown: ScoreBreakdown
  /** The attested score. */
  scoreBps: number
}

function sliceUnit(units: EpochUnits, index: number): EpochUnits {
  const one = createEpochUnits(1)
  one.ids.set(units.ids.subarray(index * 32, index * 32 + 32))
  for (const name of ['kind', 'status', 'availabilityPpm', 'ttfbP95Ms', 'downP10Kbps', 'upP10Kbps'] as const)
    one[name][0] = units[name][index]!
  one.consumerAdjustmentBps = Int16Array.of(units.consumerAdjustmentBps?.[index] ?? 0)
  one.confirmedLosses = Uint8Array.of(units.confirmedLosses?.[index] ?? 0)
  return one
}

function sliceTable(table: UnitTable, id: Uint8Array): UnitTable {
  const row = findRow(table, id)
  const one = createUnitTable(row < 0 ? 0 : 1, table.slots, table.reporters)
  one.epoch = table.epoch
  if (row >= 0) copyRow(table, row, one, 0)
  return one
}

/** Row of a unit, −1 if the table has none. */
export function findRow(table: UnitTable, id: Uint8Array): number {
  let low = 0
  let high = table.count - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    let difference = 0
    for (let i = 0; i < 32 && difference === 0; i++) difference = table.ids[middle * 32 + i]! - id[i]!
    if (difference === 0) return middle
    if (difference < 0) low = middle + 1
    else high = middle - 1
  }
  return -1
}

/** The rows of one unit; like the evaluation, passes over those that stand behind a later unit's. */
function sliceReport({ reporter, columns }: EpochReport, index: number): EpochReport {
  let from = 0
  while (from < columns.unit.length && columns.unit[from]! < index) from++
  let to = from
  while (to < columns.unit.length && columns.unit[to] === index) to++
  return {
    reporter,
    columns: {
      unit: new Uint32Array(to - from),
      task: columns.task.slice(from, to),
      outcome: columns.outcome.slice(from, to),
      ttfbMs: columns.ttfbMs.slice(from, to),
      kbps: columns.kbps.slice(from, to),
    },
  }
}

function reporterFigures(context: EpochContext): ReporterFigures[] {
  const { table, reports } = context
  const figures = table.reporters.addresses.map((reporter, slot) => {
    const base = slot * COUNTERS
    const k = reports.slot.subarray(0, reports.count).indexOf(slot)
    const service = k < 0 ? NOTHING : reports.service[k]!
    return {
      reporter,
      report: service === NOTHING ? 'none' : service === GOOD ? 'good' : service === BAD ? 'bad' : 'unusable',
      attempts: table.counters[base + PREV_ATTEMPTS]! + table.counters[base + ATTEMPTS]!,
      ratePpm: windowRatePpm(table.counters, base),
    } satisfies ReporterFigures
  })
  return figures.filter((f) => f.attempts > 0 || f.report !== 'none').sort((a, b) => a.ratePpm - b.ratePpm)
}

/** Re-evaluates one unit of an epoch. @param index of the unit among the epoch's */
export function explainUnit(input: EvaluateEpochInput, index: number): UnitExplanation {
  const id = input.units.ids.slice(index * 32, index * 32 + 32)
  const context = createContext({
    ...input,
    table: sliceTable(input.table, id),
    units: sliceUnit(input.units, index),
    reports: input.reports.map((report) => sliceReport(report, index)),
  })
  assessRow(context, 0)
  const { table, metrics, tally, credits } = context
  const reporters = reporterFigures(context)
  const paidNeutral = neutralBps(table, 0)
  const dayClosed = dayCloses(context)
  const openScore = table.scoreBps[0]!
  if (dayClosed) closeDay(context)
  else lowerScore(context)
  const scoreBps = dayClosed ? table.scoreBps[0]! : openScore
  return {
    unitId: bytesToHex(id),
    epoch: input.epoch,
    verdict: VERDICTS[context.verdict]!,
    paidBps: context.paidBps,
    neutralBps: paidNeutral,
    usable: tally.usable,
    failed: tally.failed,
    minimumUsable: context.minimum,
    maintenance: context.excluded,
    challenges: tally.challenges,
    losses: tally.losses,
    terms: context.terms,
    metrics,
    credits: CREDIT_TERMS.map((term, i) => ({ term, creditBps: credits[i]! })),
    reporters,
    state: UNIT_STATES[table.state[0]!]!,
    stateReason: STATE_REASONS[table.stateReason[0]!]!,
    stateSinceEpoch: table.stateSinceEpoch[0]!,
    dayClosed,
    inputs: context.inputs,
    breakdown: context.breakdown,
    scoreBps,
  }
}
