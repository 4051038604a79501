import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rankUnits, tierOf } from '../../../src/scoring/ranking.ts'

describe('rankUnits', () => {
  const good = { scoreBps: 9_500, availabilityPpm: 999_500, ttfbP95Ms: 200, downP10Kbps: 10_000, samples: 2_000 }
  const candidates = [
    { name: 'dear', ...good, pricePerGibEpoch: 30n },
    { name: 'cheap', ...good, scoreBps: 5_000, pricePerGibEpoch: 10n },
    { name: 'unknown', ...good, ttfbP95Ms: 0, downP10Kbps: 0, samples: 0, pricePerGibEpoch: 30n },
  ]
  const order = (reliability: number, performance: number, cost: number) =>
    rankUnits(candidates, { reliability, performance, cost }).map((ranked) => ranked.candidate.name)

  it("default: the consumer's weights decide", () => {
    assert.deepEqual(order(1, 1, 0), ['dear', 'cheap', 'unknown'])
    assert.deepEqual(order(0, 0, 1)[0], 'cheap')
  })

  it('behavior: equal value goes to the better-known unit, and the confidence is shown', () => {
    const ranked = rankUnits(candidates.toReversed(), { reliability: 1, performance: 0, cost: 0 })
    assert.deepEqual(
      ranked.map((r) => r.candidate.name),
      ['dear', 'unknown', 'cheap'],
    )
    assert.ok(ranked[0]!.confidence > 0.97)
    assert.equal(ranked[1]!.confidence, 0)
  })

  it('behavior: nothing to rank, and no weights', () => {
    assert.deepEqual(rankUnits([], { reliability: 1, performance: 1, cost: 1 }), [])
    assert.deepEqual(order(0, 0, 0)[2], 'cheap')
  })

  it('default: tiers are names for ranges', () => {
    assert.deepEqual([10_000, 9_000, 8_999, 5_000, 4_999].map(tierOf), ['gold', 'gold', 'silver', 'bronze', 'none'])
  })
})
