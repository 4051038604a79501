import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { availabilityCredit, minimumUsable, ratioCredit, throughputSamples } from '../../../src/scoring/verdict.ts'

describe('verdict', () => {
  it('default: the tiers of availability begin where the page says', () => {
    const credits = [999_000, 998_999, 990_000, 989_999, 949_000, 948_999, 0].map((ppm) =>
      availabilityCredit(ppm, 999_000),
    )
    assert.deepEqual(credits, [0, 1_000, 1_000, 2_500, 2_500, 10_000, 10_000])
  })

  it('default: worse than the term, worse than twice the term', () => {
    assert.deepEqual(
      [200, 201, 400, 401].map((ms) => ratioCredit(ms, 200)),
      [0, 1_000, 1_000, 2_500],
    )
  })

  it('behavior: the largest number of samples means never, for throughput too', () => {
    assert.deepEqual([59, 200, 2 ** 32 - 1].map(throughputSamples), [29, 100, 2 ** 31 - 1])
  })

  it('default: usable reports that an epoch needs, by size of the set', () => {
    assert.deepEqual(
      [4, 7, 10, 13, 31].map((n) => minimumUsable(n, Math.floor((n - 1) / 3))),
      [2, 4, 6, 7, 7],
    )
  })
})
