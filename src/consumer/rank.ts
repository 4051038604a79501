/** This consumer's order of the candidates, in basis points: the ranking of `scoring`, with prices made comparable first. */
import type { Address } from '../core/ids.ts'
import type { UnitLeaf } from '../core/leaves.ts'
import { type RankingWeights, rankUnits } from '../scoring/ranking.ts'
import { ConsumerError } from './errors.ts'

export const DEFAULT_WEIGHTS: RankingWeights = { reliability: 50, performance: 25, cost: 25 }

/** Resolution of a price relative to the cheapest one. */
const RELATIVE = 1_000_000n

export interface Candidate {
  token: Address
  pricePerGibEpoch: bigint
  /** `undefined` for a unit that nobody measured: last in everything but cost. */
  leaf: UnitLeaf | undefined
}

/** 0–10,000 each. */
export interface Rank {
  rankBps: number
  reliabilityBps: number
  performanceBps: number
  costBps: number
  confidenceBps: number
}

/** Best first. Prices in different tokens can't be compared: each is taken relative to the cheapest one in its token. */
export function rankCandidates<T extends Candidate>(candidates: readonly T[], weights: RankingWeights): (T & Rank)[] {
  const parts = [weights.reliability, weights.performance, weights.cost]
  if (parts.some((weight) => !Number.isFinite(weight) || weight < 0))
    throw new ConsumerError('invalid-value', 'the weights of a ranking are numbers from 0 on')
  const cheapest = new Map<Address, bigint>()
  for (const { token, pricePerGibEpoch } of candidates) {
    const before = cheapest.get(token)
    if (before === undefined || pricePerGibEpoch < before) cheapest.set(token, pricePerGibEpoch)
  }
  const ranked = rankUnits(
    candidates.map((candidate) => ({
      candidate,
      scoreBps: candidate.leaf?.scoreBps ?? 0,
      availabilityPpm: candidate.leaf?.availabilityPpm ?? 0,
      ttfbP95Ms: candidate.leaf?.ttfbP95Ms ?? 0,
      downP10Kbps: candidate.leaf?.downP10Kbps ?? 0,
      samples: candidate.leaf?.samples ?? 0,
      // The contract takes no unit that is free of charge.
      pricePerGibEpoch: (candidate.pricePerGibEpoch * RELATIVE) / cheapest.get(candidate.token)!,
    })),
    weights,
  )
  return ranked.map(({ candidate: { candidate }, ...rank }) => ({
    ...candidate,
    rankBps: bps(rank.value),
    reliabilityBps: bps(rank.reliability),
    performanceBps: bps(rank.performance),
    costBps: bps(rank.cost),
    confidenceBps: bps(rank.confidence),
  }))
}

function bps(share: number): number {
  return Math.round(share * 10_000)
}
