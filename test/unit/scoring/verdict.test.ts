import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DEFAULT_PARAMS } from '../../../src/core/params.ts'
import { createUnitMetrics, type UnitMetrics } from '../../../src/scoring/metrics.ts'
import {
  availabilityCredit,
  creditOf,
  minimumUsable,
  ratioCredit,
  throughputSamples,
} from '../../../src/scoring/verdict.ts'

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

  it('default: the largest credit of the terms that are promised, claimed and enforced', () => {
    const terms = { availabilityPpm: 999_000, ttfbP95Ms: 200, downP10Kbps: 8_000, upP10Kbps: 4_000 }
    const kept: UnitMetrics = {
      ...createUnitMetrics(),
      ...{ availabilityJudged: true, availabilityPpm: 1_000_000, ttfbP95Ms: 200, ttfbSamples: 200 },
      ...{ downP10Kbps: 8_000, downSamples: 100, upP10Kbps: 4_000, upSamples: 100 },
    }
    const credits = (metrics: Partial<UnitMetrics>) => {
      const out = new Int32Array(4)
      return [creditOf(terms, { ...kept, ...metrics }, DEFAULT_PARAMS, out), ...out]
    }
    assert.deepEqual(credits({}), [0, 0, 0, 0, 0])
    assert.deepEqual(credits({ ttfbP95Ms: 401 }), [2_500, 0, 2_500, 0, 0])
    assert.deepEqual(credits({ ttfbP95Ms: 401, ttfbSamples: 199 }), [0, 0, -1, 0, 0])
    assert.deepEqual(credits({ downP10Kbps: 3_999 }), [2_500, 0, 0, 2_500, 0])
    assert.deepEqual(credits({ upP10Kbps: 3_999 }), [1_000, 0, 0, 0, 1_000])
    assert.deepEqual(credits({ upP10Kbps: 1_999, upSamples: 99 }), [0, 0, 0, 0, -1])
    assert.deepEqual(credits({ availabilityJudged: false, availabilityPpm: 0 }), [0, -1, 0, 0, 0])
    assert.deepEqual(credits({ availabilityPpm: 0, upP10Kbps: 1_999 }), [10_000, 10_000, 0, 0, 2_500])
  })

  it('default: usable reports that an epoch needs, by size of the set', () => {
    assert.deepEqual(
      [4, 7, 10, 13, 31].map((n) => minimumUsable(n, Math.floor((n - 1) / 3))),
      [2, 4, 6, 7, 7],
    )
  })
})
