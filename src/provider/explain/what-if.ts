/** What would have to change for a better score: the scoring's own function, asked with other inputs. Nothing here is signed. */
import {
  AVAILABILITY_EVIDENCE,
  DECAY_2_DAYS,
  DECAY_30_DAYS,
  FULL_BPS,
  INTEGRITY_EVIDENCE,
  PPM,
  WEIGHTS,
} from '../../scoring/constants.ts'
import { evidenceQ32 } from '../../scoring/day-close.ts'
import { mulDiv } from '../../scoring/fixed.ts'
import { TIERS, type Tier } from '../../scoring/ranking.ts'
import {
  createScoreBreakdown,
  METRICS,
  type MetricName,
  type ScoreBreakdown,
  type ScoreInputs,
  scoreUnit,
} from '../../scoring/score.ts'
import { type Evidence, nextEvidence } from '../../scoring/wilson.ts'

/** Days that are looked ahead: evidence from before weighs 1/64 then. */
const MAX_DAYS = 180

/** How one metric bears on the score. */
export interface MetricShare {
  metric: MetricName
  /** 0–1, 0.02 at the least; `undefined`: dropped out, nothing was promised or measured. */
  utility: number | undefined
  /** Of the weights that count; they add up to 1. */
  weight: number
  /** Basis points that the score would gain if this metric alone were perfect. */
  costBps: number
}

export interface WayToTier {
  tier: Tier
  minBps: number
  /** Perfect days from now on (every epoch met, every challenge passed) until the tier, all else as it is. */
  perfectDays: number | undefined
  /** Highest p95 with which it would be reached now, all else as it is; `undefined`: latency alone does not do it. */
  ttfbP95Ms: number | undefined
  /** Lowest p10 of download throughput, likewise. */
  downP10Kbps: number | undefined
}

export function sharesOf(inputs: ScoreInputs, breakdown: ScoreBreakdown): MetricShare[] {
  const counting = METRICS.filter((metric) => breakdown.utility[metric] > 0)
  const total = counting.reduce((sum, metric) => sum + WEIGHTS[metric], 0)
  const exponentOf = (metric: MetricName) => -Math.log2(breakdown.utility[metric] / 2 ** 32) * WEIGHTS[metric]
  const exponent = counting.reduce((sum, metric) => sum + exponentOf(metric), 0)
  const adjusted = (without: number) =>
    Math.min(FULL_BPS, 2 ** (-(exponent - without) / total) * (FULL_BPS + inputs.consumerAdjustmentBps))
  return METRICS.map((metric) => {
    const counts = counting.includes(metric)
    return {
      metric,
      utility: counts ? breakdown.utility[metric] / 2 ** 32 : undefined,
      weight: counts ? WEIGHTS[metric] / total : 0,
      costBps: counts ? Math.round(adjusted(exponentOf(metric)) - adjusted(0)) : 0,
    }
  })
}

/** For each tier above the score that a close now would give, the nearest first. */
export function waysUp(inputs: ScoreInputs, scoreBps: number, epochsPerDay: number): WayToTier[] {
  return TIERS.filter(({ minBps }) => minBps > scoreBps)
    .toReversed()
    .map(({ name, minBps }) => ({
      tier: name,
      minBps,
      perfectDays: perfectDays(inputs, minBps, epochsPerDay),
      ttfbP95Ms:
        inputs.ttfbTermMs > 0 && inputs.ttfbP95Ms > 0
          ? greatest(1, inputs.ttfbP95Ms, (ms) => score({ ...inputs, ttfbP95Ms: ms }) >= minBps)
          : undefined,
      downP10Kbps:
        inputs.downTermKbps > 0 && inputs.downP10Kbps > 0
          ? leastThroughput(inputs, (kbps) => score({ ...inputs, downP10Kbps: kbps }) >= minBps)
          : undefined,
    }))
}

function score(inputs: ScoreInputs): number {
  return scoreUnit(inputs, createScoreBreakdown())
}

function perfectDays(inputs: ScoreInputs, minBps: number, epochsPerDay: number): number | undefined {
  const gained = evidenceQ32(AVAILABILITY_EVIDENCE, epochsPerDay, epochsPerDay)
  const challenged = evidenceQ32(INTEGRITY_EVIDENCE, epochsPerDay, epochsPerDay)
  const all = (evidence: number) => mulDiv(evidence, PPM, PPM)
  let slow: Evidence = { success: inputs.slowSuccess, failure: inputs.slowFailure }
  let fast: Evidence = { success: inputs.fastSuccess, failure: inputs.fastFailure }
  let integrity: Evidence = { success: inputs.integritySuccess, failure: inputs.integrityFailure }
  // A unit without challenges (a function) has none from now on either.
  const isChallenged = integrity.success + integrity.failure > 0
  for (let day = 1; day <= MAX_DAYS; day++) {
    slow = nextEvidence(slow, DECAY_30_DAYS, gained, all(gained))
    fast = nextEvidence(fast, DECAY_2_DAYS, gained, all(gained))
    if (isChallenged) integrity = nextEvidence(integrity, DECAY_30_DAYS, challenged, all(challenged))
    const then = {
      ...inputs,
      slowSuccess: slow.success,
      slowFailure: slow.failure,
      fastSuccess: fast.success,
      fastFailure: fast.failure,
      integritySuccess: integrity.success,
      integrityFailure: integrity.failure,
    }
    if (score(then) >= minBps) return day
  }
  return undefined
}

/** Greatest whole number in [low, high] that does; what does, does for every smaller one too. */
function greatest(low: number, high: number, does: (value: number) => boolean): number | undefined {
  if (!does(low)) return undefined
  let [good, bad] = [low, high + 1]
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2)
    if (does(middle)) good = middle
    else bad = middle
  }
  return good
}

/** Beyond twice the promise throughput gains nothing. */
function leastThroughput(inputs: ScoreInputs, does: (kbps: number) => boolean): number | undefined {
  const top = Math.max(inputs.downP10Kbps, inputs.downTermKbps * 2)
  const below = greatest(0, top - inputs.downP10Kbps, (less) => does(top - less))
  return below === undefined ? undefined : top - below
}
