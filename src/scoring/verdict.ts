/** The verdict of one unit and epoch, and what it pays (docs/scoring.md 3). */
import type { EvaluationParams } from '../core/params.ts'
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

export interface Terms {
  availabilityPpm: number
  ttfbP95Ms: number
  downP10Kbps: number
  upP10Kbps: number
}

/** Usable reports below which an epoch decides nothing: min(7, n − f − 1), at least one. */
export function minimumUsable(n: number, f: number): number {
  return Math.max(1, Math.min(MIN_USABLE_REPORTS, n - f - 1))
}

/** Index into VERDICTS. */
export function verdictOf(usable: number, failed: number, minimum: number): number {
  if (usable < minimum) return NEUTRAL
  return 2 * failed > usable ? MISSED : MET
}

/** Samples behind a throughput claim: half of latency's, for 0.9^29 < 0.05 as 0.95^59 < 0.05. */
export function throughputSamples(ttfbSamples: number): number {
  return ttfbSamples >> 1
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

/** The largest tier of any term that is promised, judged and enforced. */
export function creditOf(terms: Terms, m: UnitMetrics, params: EvaluationParams): number {
  const enoughUpDown = throughputSamples(params.ttfbEnforceSamples)
  let credit = m.availabilityJudged ? availabilityCredit(m.availabilityPpm, terms.availabilityPpm) : 0
  if (terms.ttfbP95Ms > 0 && m.ttfbP95Ms > 0 && m.ttfbSamples >= params.ttfbEnforceSamples)
    credit = Math.max(credit, ratioCredit(m.ttfbP95Ms, terms.ttfbP95Ms))
  if (terms.downP10Kbps > 0 && m.downP10Kbps > 0 && m.downSamples >= enoughUpDown)
    credit = Math.max(credit, ratioCredit(terms.downP10Kbps, m.downP10Kbps))
  if (terms.upP10Kbps > 0 && m.upP10Kbps > 0 && m.upSamples >= enoughUpDown)
    credit = Math.max(credit, ratioCredit(terms.upP10Kbps, m.upP10Kbps))
  return credit
}

export function paidOf(verdict: number, creditBps: number, neutralBps: number): number {
  if (verdict === NEUTRAL) return neutralBps
  return verdict === MISSED ? 0 : FULL_BPS - creditBps
}
