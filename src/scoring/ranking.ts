/**
 * A consumer's own order of units: its weighting of reliability, performance and cost over attested numbers. Presentation,
 * not protocol: floats are allowed, nothing here is signed.
 */

/** From which score on a unit carries a tier's name. */
export const TIERS = [
  { name: 'gold', minBps: 9_000 },
  { name: 'silver', minBps: 7_500 },
  { name: 'bronze', minBps: 5_000 },
  { name: 'none', minBps: 0 },
] as const
export type Tier = (typeof TIERS)[number]['name']

export function tierOf(scoreBps: number): Tier {
  return TIERS.find((tier) => scoreBps >= tier.minBps)!.name
}

/** Relative; only their proportions count. All zero: by score alone. */
export interface RankingWeights {
  reliability: number
  performance: number
  cost: number
}

export interface RankingCandidate {
  scoreBps: number
  availabilityPpm: number
  /** 0: no claim. */
  ttfbP95Ms: number
  downP10Kbps: number
  /** Samples behind the latency claim. */
  samples: number
  pricePerGibEpoch: bigint
}

export interface RankedUnit<T> {
  candidate: T
  /** 0 … 1, higher is better. */
  value: number
  reliability: number
  performance: number
  cost: number
  /** 0 … 1: how much measuring stands behind the figures; a tie goes to the better-known unit. */
  confidence: number
}

/** Samples at which half of the confidence is reached: those that a p95 claim needs. */
const HALF_CONFIDENCE_SAMPLES = 59

/** `best` over `value` in (0, 1]; 0 for an unknown value. */
function shareOf(best: number, value: number): number {
  return value <= 0 ? 0 : best / value
}

/** Best first; equal values keep the order given. */
export function rankUnits<T extends RankingCandidate>(
  candidates: readonly T[],
  weights: RankingWeights,
): RankedUnit<T>[] {
  const claimed = candidates.filter((candidate) => candidate.ttfbP95Ms > 0)
  const fastest = Math.min(...claimed.map((candidate) => candidate.ttfbP95Ms))
  const widest = Math.max(0, ...candidates.map((candidate) => candidate.downP10Kbps))
  const prices = candidates.map((candidate) => Number(candidate.pricePerGibEpoch))
  const cheapest = Math.min(...prices.filter((price) => price > 0))
  const total = weights.reliability + weights.performance + weights.cost
  const ranked = candidates.map((candidate, i) => {
    const reliability = (candidate.scoreBps / 10_000) * (candidate.availabilityPpm / 1_000_000)
    const speed = widest === 0 ? 0 : candidate.downP10Kbps / widest
    const performance = (shareOf(fastest, candidate.ttfbP95Ms) + speed) / 2
    const cost = prices[i] === 0 ? 1 : shareOf(cheapest, prices[i]!)
    const weighted = weights.reliability * reliability + weights.performance * performance + weights.cost * cost
    return {
      candidate,
      value: total > 0 ? weighted / total : candidate.scoreBps / 10_000,
      reliability,
      performance,
      cost,
      confidence: candidate.samples / (candidate.samples + HALF_CONFIDENCE_SAMPLES),
    }
  })
  return ranked.sort((a, b) => b.value - a.value || b.confidence - a.confidence)
}
