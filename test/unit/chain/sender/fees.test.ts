/** Replacement prices: a tenth dearer at least, the cap never passed. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { bumpFees } from '../../../../src/chain/sender/fees.ts'

const price = fc.bigInt(1n, 10n ** 15n)

describe('bumpFees', () => {
  it('default', () => {
    const old = { maxFeePerGas: 800n, maxPriorityFeePerGas: 80n }
    assert.deepEqual(bumpFees(old, { maxFeePerGas: 1n, maxPriorityFeePerGas: 1n }, 10_000n), {
      maxFeePerGas: 900n,
      maxPriorityFeePerGas: 90n,
    })
  })

  it('behavior: a dearer market is followed', () => {
    const old = { maxFeePerGas: 800n, maxPriorityFeePerGas: 80n }
    assert.equal(bumpFees(old, { maxFeePerGas: 5_000n, maxPriorityFeePerGas: 1n }, 10_000n)?.maxFeePerGas, 5_000n)
  })

  it('behavior: both prices rise by a tenth or more, or nothing is offered', () => {
    /** A tip and a price that is not below it. */
    const prices = fc
      .tuple(price, price)
      .map(([tip, above]) => ({ maxFeePerGas: tip + above, maxPriorityFeePerGas: tip }))
    fc.assert(
      fc.property(prices, prices, price, (old, quoted, cap) => {
        const fees = bumpFees(old, quoted, cap)
        if (fees === undefined) return
        assert.ok(fees.maxFeePerGas * 10n >= old.maxFeePerGas * 11n)
        assert.ok(fees.maxPriorityFeePerGas * 10n >= old.maxPriorityFeePerGas * 11n)
        assert.ok(fees.maxPriorityFeePerGas <= fees.maxFeePerGas && fees.maxFeePerGas <= cap)
      }),
    )
  })
})
