/**
 * Why a unit's verdict and score are what they are, for whoever runs or rents it: the evaluation's own numbers, the failures
 * behind them with their evidence, reporters that stand apart, what each metric costs, what would help.
 */
import type { Address, Epoch, Hash32, UnitId } from '../../core/ids.ts'
import { faultOf, outcomeOf, PROBE_TASKS, type ProbeOutcome, type ProbeTask } from '../../core/observations.ts'
import type { EpochReport, EvaluateEpochInput } from '../../scoring/evaluation.ts'
import { explainUnit, type ReporterFigures, type UnitExplanation } from '../../scoring/explain.ts'
import { type Tier, tierOf } from '../../scoring/ranking.ts'
import { type MetricShare, sharesOf, type WayToTier, waysUp } from './what-if.ts'

/** A probe that did not succeed. */
export interface ProbeFailure {
  epoch: Epoch
  reporter: Address
  task: ProbeTask
  outcome: ProbeOutcome
  /** Only the provider's failures count against a unit. */
  fault: 'provider' | 'prober' | 'chain'
  /** Hash of the signed batch that says so: its bytes are in the epoch's evidence bundle. */
  evidence: Hash32
}

export interface Outlier {
  reporter: Address
  ratePpm: number
  /** From the median, in ppm; below it when negative. */
  distancePpm: number
}

export interface UnitReport {
  explanation: UnitExplanation
  /** Of the attested score. */
  tier: Tier
  failures: readonly ProbeFailure[]
  outliers: readonly Outlier[]
  shares: readonly MetricShare[]
  waysUp: readonly WayToTier[]
}

/** A counting report with the hash of the batch that it came in. */
export interface EvidencedReport extends EpochReport {
  evidence: Hash32
}

/** Reporters are outliers beyond 3 points of the median, or beyond thrice the reporters' own spread. */
const LEAST_DISTANCE_PPM = 30_000
const SPREADS = 3

/** @param index of the unit among the epoch's; -1 is nobody's. @throws {RangeError} when the epoch has no such unit. */
export function unitReport(
  input: Omit<EvaluateEpochInput, 'reports'> & { reports: readonly EvidencedReport[] },
  index: number,
): UnitReport {
  if (index < 0 || index * 32 >= input.units.ids.length) throw new RangeError('the epoch has no such unit')
  const explanation = explainUnit(input, index)
  const { inputs, breakdown } = explanation
  return {
    explanation,
    tier: tierOf(explanation.scoreBps),
    failures: failuresOf(input.epoch, input.reports, index),
    outliers: outliersOf(explanation.reporters),
    shares: sharesOf(inputs, breakdown),
    waysUp: waysUp(inputs, breakdown.scoreBps, input.params.epochsPerDay),
  }
}

/** In the order of the reports, then of their rows. */
export function failuresOf(epoch: Epoch, reports: readonly EvidencedReport[], index: number): ProbeFailure[] {
  return reports.flatMap(({ reporter, columns, evidence }) => {
    const failures: ProbeFailure[] = []
    for (let row = 0; row < columns.unit.length; row++) {
      if (columns.unit[row] !== index) continue
      const outcome = outcomeOf(columns.outcome[row]!)
      const task = PROBE_TASKS[columns.task[row]!]
      const fault = outcome === undefined ? 'none' : faultOf(outcome)
      if (outcome === undefined || task === undefined || fault === 'none') continue
      failures.push({ epoch, reporter, task, outcome, fault, evidence })
    }
    return failures
  })
}

export function outliersOf(reporters: readonly ReporterFigures[]): Outlier[] {
  const judged = reporters.filter(({ ratePpm }) => ratePpm >= 0)
  if (judged.length < 3) return []
  const middle = medianOf(judged.map(({ ratePpm }) => ratePpm))
  const spread = medianOf(judged.map(({ ratePpm }) => Math.abs(ratePpm - middle)))
  const limit = Math.max(LEAST_DISTANCE_PPM, SPREADS * spread)
  return judged
    .map(({ reporter, ratePpm }) => ({ reporter, ratePpm, distancePpm: ratePpm - middle }))
    .filter(({ distancePpm }) => Math.abs(distancePpm) > limit)
}

/** Even count: floor of the mean of the middle two, as in the evaluation. */
function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[upper]! : Math.floor((sorted[upper - 1]! + sorted[upper]!) / 2)
}

/** Position of a unit among the epoch's, −1 when it was not there. */
export function indexOfUnit(units: readonly { id: UnitId }[], unitId: UnitId): number {
  return units.findIndex(({ id }) => id === unitId)
}
