/** A unit's score as the weighted geometric mean of its utilities, with every number on the way (docs/scoring.md 6). */
import { ERROR_TERM_MIN_PPM, FRESHNESS_TERM_MS, FULL_BPS, PPM, WEIGHTS } from './constants.ts'
import { mulDiv, TWO_32, TWO_48 } from './fixed.ts'
import { exp2NegQ48, log2Q32 } from './log2.ts'
import { availabilityUtility, integrityUtility, ratioUtility } from './utilities.ts'
import { discountedQ48, meanQ48, trendQ48, wilsonLowerQ48 } from './wilson.ts'

/** Decayed evidence in Q32 and quantiles; a metric without samples is 0 (error rate: −1). */
export interface ScoreInputs {
  slowSuccess: number
  slowFailure: number
  fastSuccess: number
  fastFailure: number
  integritySuccess: number
  integrityFailure: number
  /** A confirmed loss is less than LOSS_DAYS old. */
  recentLoss: boolean
  ttfbP95Ms: number
  downP10Kbps: number
  upP10Kbps: number
  errorPpm: number
  freshnessP95Ms: number
  /** SLA terms, 0 where nothing is promised. */
  targetPpm: number
  ttfbTermMs: number
  downTermKbps: number
  upTermKbps: number
  consumerAdjustmentBps: number
}

export function createScoreInputs(): ScoreInputs {
  return {
    slowSuccess: 0,
    slowFailure: 0,
    fastSuccess: 0,
    fastFailure: 0,
    integritySuccess: 0,
    integrityFailure: 0,
    recentLoss: false,
    ttfbP95Ms: 0,
    downP10Kbps: 0,
    upP10Kbps: 0,
    errorPpm: -1,
    freshnessP95Ms: 0,
    targetPpm: 0,
    ttfbTermMs: 0,
    downTermKbps: 0,
    upTermKbps: 0,
    consumerAdjustmentBps: 0,
  }
}

export const METRICS = ['integrity', 'availability', 'latency', 'throughput', 'errors', 'freshness'] as const
export type MetricName = (typeof METRICS)[number]

/** The chain of numbers behind a score, in the order in which they follow from one another. */
export interface ScoreBreakdown {
  /** S + F in Q32. */
  evidence: number
  /** Q48: Wilson bound L, fast and slow mean, ρ, A = L·ρ, Wilson bound of the challenges. */
  lower: number
  fast: number
  slow: number
  trend: number
  discounted: number
  integrityLower: number
  /** Utilities in Q32; 0 = the metric dropped out. */
  utility: Record<MetricName, number>
  /** Σ of the weights that count, in hundredths. */
  weight: number
  /** −log2 of the geometric mean, Q32. */
  exponent: number
  /** The geometric mean, Q48. */
  mean: number
  /** In basis points, before and after the consumers' adjustment. */
  ownBps: number
  scoreBps: number
}

export function createScoreBreakdown(): ScoreBreakdown {
  return {
    evidence: 0,
    lower: 0,
    fast: 0,
    slow: 0,
    trend: 0,
    discounted: 0,
    integrityLower: 0,
    utility: { integrity: 0, availability: 0, latency: 0, throughput: 0, errors: 0, freshness: 0 },
    weight: 0,
    exponent: 0,
    mean: 0,
    ownBps: 0,
    scoreBps: 0,
  }
}

/** The error rate that a unit with this availability target may have, in ppm; 0 without a target. */
export function errorTermPpm(targetPpm: number): number {
  return targetPpm === 0 ? 0 : Math.max(PPM - targetPpm, ERROR_TERM_MIN_PPM)
}

function throughputUtility(i: ScoreInputs): number {
  const down = i.downTermKbps > 0 && i.downP10Kbps > 0 ? ratioUtility(i.downTermKbps, i.downP10Kbps) : 0
  const up = i.upTermKbps > 0 && i.upP10Kbps > 0 ? ratioUtility(i.upTermKbps, i.upP10Kbps) : 0
  return down === 0 ? up : up === 0 ? down : Math.min(down, up)
}

function fillUtilities(i: ScoreInputs, out: ScoreBreakdown): void {
  const u = out.utility
  const challenged = i.integritySuccess + i.integrityFailure > 0
  const errorTerm = errorTermPpm(i.targetPpm)
  u.integrity = i.recentLoss ? integrityUtility(0) : challenged ? integrityUtility(out.integrityLower) : 0
  u.availability = availabilityUtility(out.discounted, i.targetPpm)
  u.latency = i.ttfbTermMs > 0 && i.ttfbP95Ms > 0 ? ratioUtility(i.ttfbP95Ms, i.ttfbTermMs) : 0
  u.throughput = throughputUtility(i)
  u.errors = errorTerm > 0 && i.errorPpm >= 0 ? ratioUtility(i.errorPpm, errorTerm) : 0
  u.freshness = i.freshnessP95Ms > 0 ? ratioUtility(i.freshnessP95Ms, FRESHNESS_TERM_MS) : 0
}

/** Fills `out` and returns the score in basis points. */
export function scoreUnit(i: ScoreInputs, out: ScoreBreakdown): number {
  out.evidence = i.slowSuccess + i.slowFailure
  out.lower = wilsonLowerQ48(i.slowSuccess, i.slowFailure)
  out.fast = meanQ48(i.fastSuccess, i.fastFailure)
  out.slow = meanQ48(i.slowSuccess, i.slowFailure)
  out.trend = trendQ48(out.fast, out.slow)
  out.discounted = discountedQ48(out.lower, out.trend)
  out.integrityLower = wilsonLowerQ48(i.integritySuccess, i.integrityFailure)
  fillUtilities(i, out)
  let weight = 0
  let sum = 0
  for (const name of METRICS) {
    const utility = out.utility[name]
    if (utility === 0) continue
    weight += WEIGHTS[name]
    if (utility < TWO_32) sum += WEIGHTS[name] * (32 * TWO_32 - log2Q32(utility))
  }
  out.weight = weight
  out.exponent = Math.floor(sum / weight)
  out.mean = exp2NegQ48(out.exponent)
  out.ownBps = mulDiv(out.mean, FULL_BPS, TWO_48)
  out.scoreBps = Math.min(FULL_BPS, Math.floor((out.ownBps * (FULL_BPS + i.consumerAdjustmentBps)) / FULL_BPS))
  return out.scoreBps
}
