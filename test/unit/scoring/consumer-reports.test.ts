import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { consumerAdjustmentBps } from '../../../src/scoring/consumer-reports.ts'

describe('consumerAdjustmentBps', () => {
  const many = (count: number, ratingBps: number) =>
    Array.from({ length: count }, () => ({ feesPaid: 100n, ratingBps }))

  it('default: twenty equal consumers have the whole tenth', () => {
    assert.equal(consumerAdjustmentBps(many(20, 10_000)), 1_000)
    assert.equal(consumerAdjustmentBps(many(20, -10_000)), -1_000)
    assert.equal(consumerAdjustmentBps([]), 0)
  })

  it('behavior: whoever pays nearly everything still has a twentieth', () => {
    const whale = { feesPaid: 10n ** 30n, ratingBps: -10_000 }
    assert.equal(consumerAdjustmentBps([whale, ...many(3, 10_000)]), -50)
    assert.equal(consumerAdjustmentBps(many(3, 10_000)), 150)
  })
})
