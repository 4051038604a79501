/** Ranking as a consumer sees it: basis points, its weights, prices of different tokens apart. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Candidate, DEFAULT_WEIGHTS, rankCandidates } from '../../../src/consumer/rank.ts'
import { unitIdOf } from '../../../src/core/eip712.ts'
import { address, leafOf, TOKEN } from '../../support/market/market-twin.ts'

const unit = (n: number) => unitIdOf(address(n), 1n)
const candidate = (n: number, fields: Partial<Candidate> = {}): Candidate & { n: number } => ({
  n,
  token: TOKEN,
  pricePerGibEpoch: 1_000n,
  leaf: leafOf(unit(n), 5, { scoreBps: 9_000, availabilityPpm: 1_000_000 }),
  ...fields,
})

describe('rankCandidates', () => {
  it('default: the parts and their weighted mean', () => {
    const [best, second] = rankCandidates([candidate(1, { pricePerGibEpoch: 2_000n }), candidate(2)], DEFAULT_WEIGHTS)
    assert.equal(best!.n, 2)
    assert.equal(best!.reliabilityBps, 9_000)
    assert.equal(best!.performanceBps, 10_000)
    assert.equal(best!.costBps, 10_000)
    assert.equal(best!.rankBps, 9_500)
    assert.equal(second!.costBps, 5_000)
    assert.equal(second!.rankBps, 8_250)
  })

  it('behavior: whoever weighs cost alone gets the cheapest, measured or not', () => {
    const ranked = rankCandidates([candidate(1), candidate(2, { pricePerGibEpoch: 10n, leaf: undefined })], {
      reliability: 0,
      performance: 0,
      cost: 1,
    })
    assert.deepEqual(
      ranked.map(({ n }) => n),
      [2, 1],
    )
    assert.equal(ranked[0]!.confidenceBps, 0)
  })

  it('behavior: a price is compared within its token', () => {
    const other = address(0x71)
    const ranked = rankCandidates([candidate(1, { pricePerGibEpoch: 10n ** 24n }), candidate(2, { token: other })], {
      reliability: 0,
      performance: 0,
      cost: 1,
    })
    assert.deepEqual(
      ranked.map(({ costBps }) => costBps),
      [10_000, 10_000],
    )
  })

  it('behavior: more samples, more confidence', () => {
    const few = candidate(1, { leaf: leafOf(unit(1), 5, { samples: 59 }) })
    const many = candidate(2, { leaf: leafOf(unit(2), 5, { samples: 5_900 }) })
    const [first, second] = rankCandidates([few, many], DEFAULT_WEIGHTS)
    assert.equal(first!.n, 2)
    assert.equal(second!.confidenceBps, 5_000)
  })

  it('error: weights below zero', () => {
    const weights = { reliability: 1, performance: -1, cost: 0 }
    assert.throws(() => rankCandidates([candidate(1)], weights), { code: 'invalid-value' })
  })
})
