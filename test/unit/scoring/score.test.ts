import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createScoreBreakdown, createScoreInputs, scoreUnit } from '../../../src/scoring/score.ts'

const MONTH = 3_152 * 2 ** 32
const perfect = {
  ...createScoreInputs(),
  ...{ slowSuccess: MONTH, fastSuccess: MONTH / 15, integritySuccess: 2 * MONTH, targetPpm: 999_000 },
}
const score = (inputs: Partial<typeof perfect>) => scoreUnit({ ...perfect, ...inputs }, createScoreBreakdown())

describe('scoreUnit', () => {
  it('default: a perfect month is a full score, which praise makes no fuller and blame less', () => {
    assert.deepEqual(
      [0, 1_000, -1_000].map((consumerAdjustmentBps) => score({ consumerAdjustmentBps })),
      [10_000, 10_000, 9_000],
    )
  })

  it('behavior: twice the latency costs half of its utility, by its share of the weights that count', () => {
    // 2^(−15/75): integrity, availability and latency count.
    assert.equal(score({ ttfbP95Ms: 400, ttfbTermMs: 200 }), Math.floor(10_000 * 2 ** (-15 / 75)))
    assert.equal(score({ ttfbP95Ms: 400 }), 10_000)
  })

  it('behavior: without any evidence a unit has the bottom of what counts', () => {
    assert.equal(scoreUnit(createScoreInputs(), createScoreBreakdown()), 199)
  })
})
