/** The verdict of one unit and epoch, and what it pays (docs/scoring.md 3). */
import type { EvaluationParams } from '../core/params.ts'
import type { SlaTerms } from '../core/units.ts'
import {
  AVAILABILITY_TIERS,
  FULL_BPS,
  MIN_USABLE_REPORTS,
  TWICE_WORSE_CREDIT_BPS,
  WORSE_CREDIT_BPS,
} from './constants.ts'
import type { UnitMetrics } from './metrics.ts'

/** Index = value in the output columns. */
export const VERDICTS = ['NEUTRAL', 'MET', 'MISSED'] as const
export type Verdict = (typeof VERDICTS)[number]
export const NEUTRAL = 0
export const MET = 1
export const MISSED = 2

/** Usable reports below which an epoch decides nothing: min(7, n − f − 1), at least one. */
export function minimumUsable(n: number, f: number): number {
  return Math.max(1, Math.min(MIN_USABLE_REPORTS, n - f - 1))
}

/** Index into VERDICTS. */
export function verdictOf(usable: number, failed: number, minimum: number): number {
  if (usable < minimum) return NEUTRAL
  return 2 * failed > usable ? MISSED : MET
}

/**
 * Samples behind a throughput claim: half of latency's, for 0.9^29 < 0.05 as 0.95^59 < 0.05. Unsigned: 2^32 − 1 is how a
 * network says "never".
 */
export function throughputSamples(ttfbSamples: number): number {
  return ttfbSamples >>> 1
}

export function availabilityCredit(availabilityPpm: number, targetPpm: number): number {
  for (const { shortfallPpm, creditBps } of AVAILABILITY_TIERS)
    if (targetPpm - availabilityPpm > shortfallPpm) return creditBps
  return 0
}

/** Latency passes (measured, term), throughput (term, measured). */
export function ratioCredit(worse: number, better: number): number {
  if (worse > 2 * better) return TWICE_WORSE_CREDIT_BPS
  return worse > better ? WORSE_CREDIT_BPS : 0
}

/** What a credit can be for; the order of `creditParts`. */
export const CREDIT_TERMS = ['availability', 'latency', 'download', 'upload'] as const

/** −1 where a term is not promised, not claimed or not yet enforced. */
const NOT_ENFORCED = -1

/** Fills `out` with each term's credit in basis points and returns the largest, 0 without any. */
export function creditOf(terms: SlaTerms, m: UnitMetrics, params: EvaluationParams, out: Int32Array): number {
  const samples = throughputSamples(params.ttfbEnforceSamples)
  const enforced = (term: number, value: number, have: number, need: number) => term > 0 && value > 0 && have >= need
  out[0] = m.availabilityJudged ? availabilityCredit(m.availabilityPpm, terms.availabilityPpm) : NOT_ENFORCED
  out[1] = enforced(terms.ttfbP95Ms, m.ttfbP95Ms, m.ttfbSamples, params.ttfbEnforceSamples)
    ? ratioCredit(m.ttfbP95Ms, terms.ttfbP95Ms)
    : NOT_ENFORCED
  out[2] = enforced(terms.downP10Kbps, m.downP10Kbps, m.downSamples, samples)
    ? ratioCredit(terms.downP10Kbps, m.downP10Kbps)
    : NOT_ENFORCED
  out[3] = enforced(terms.upP10Kbps, m.upP10Kbps, m.upSamples, samples)
    ? ratioCredit(terms.upP10Kbps, m.upP10Kbps)
    : NOT_ENFORCED
  return Math.max(0, out[0], out[1], out[2], out[3])
}

export function paidOf(verdict: number, creditBps: number, neutralBps: number): number {
  if (verdict === NEUTRAL) return neutralBps
  return verdict === MISSED ? 0 : FULL_BPS - creditBps
}
