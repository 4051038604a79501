import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exposureBps, exposureLimitBytes } from '../../../src/scoring/exposure.ts'

describe('exposure', () => {
  it('default: 10, 50 and 100 % at 0, 21 and 90 days', () => {
    assert.deepEqual([0, 20, 21, 89, 90, 900].map(exposureBps), [1_000, 1_000, 5_000, 5_000, 10_000, 10_000])
  })

  it('behavior: the bond limits where it covers less', () => {
    const unit = { capacityBytes: 100n << 30n, ageDays: 90, bondPerGib: 5n }
    assert.equal(exposureLimitBytes({ ...unit, bond: 200n }), 40n << 30n)
    assert.equal(exposureLimitBytes({ ...unit, bond: 5_000n }), 100n << 30n)
    assert.equal(exposureLimitBytes({ ...unit, bond: 0n, bondPerGib: 0n }), 100n << 30n)
  })
})
