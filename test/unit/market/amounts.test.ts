/** The settlement's arithmetic: worked examples of the contract's rule, and what holds for every input. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ratePerEpoch, settlementKey, splitOf } from '../../../src/market/amounts.ts'

const base = { ratePerEpoch: 1_000n, lastEpoch: 10, endEpoch: 20, paidBpsSum: 50_000n }

describe('ratePerEpoch', () => {
  it('default: the price for a GiB', () => assert.equal(ratePerEpoch(7n, 1n << 30n), 7n))
  it('behavior: a part of a GiB is rounded up', () => {
    assert.equal(ratePerEpoch(7n, 1n), 1n)
    assert.equal(ratePerEpoch(7n, (1n << 30n) + 1n), 8n)
  })
})

describe('splitOf', () => {
  it('default: fully paid epochs', () => {
    const split = splitOf(base, { epoch: 12, paidBpsSum: 70_000n })
    assert.deepEqual(split, { paid: 2_000n, refund: 0n, epochs: 2, closes: false })
  })

  it('behavior: a credit goes back to the consumer', () => {
    const split = splitOf(base, { epoch: 12, paidBpsSum: 65_000n })
    assert.deepEqual(split, { paid: 1_500n, refund: 500n, epochs: 2, closes: false })
  })

  it('behavior: a leaf behind the end pays its ratio for the epochs up to the end', () => {
    const split = splitOf(base, { epoch: 30, paidBpsSum: 150_000n })
    assert.deepEqual(split, { paid: 5_000n, refund: 5_000n, epochs: 10, closes: true })
  })

  it('behavior: more than was possible counts as fully paid, a sum that fell as nothing', () => {
    assert.equal(splitOf(base, { epoch: 11, paidBpsSum: 10n ** 18n }).paid, 1_000n)
    assert.equal(splitOf(base, { epoch: 11, paidBpsSum: 0n }).paid, 0n)
  })

  it('behavior: a leaf that is not newer settles nothing', () => {
    assert.deepEqual(splitOf(base, { epoch: 10, paidBpsSum: 99_999n }), {
      paid: 0n,
      refund: 0n,
      epochs: 0,
      closes: false,
    })
  })

  it('behavior: what is due is split, nothing is made or lost', () => {
    fc.assert(
      fc.property(
        fc.bigInt(1n, 10n ** 30n),
        fc.nat(1000),
        fc.nat(1000),
        fc.bigInt(0n, 10n ** 9n),
        fc.bigInt(0n, 10n ** 9n),
        (rate, length, ahead, before, after) => {
          const reservation = { ratePerEpoch: rate, lastEpoch: 5, endEpoch: 6 + length, paidBpsSum: before }
          const { paid, refund, epochs } = splitOf(reservation, { epoch: 5 + ahead, paidBpsSum: after })
          assert.equal(paid + refund, rate * BigInt(epochs))
          assert.ok(paid >= 0n && refund >= 0n)
        },
      ),
    )
  })
})

describe('settlementKey', () => {
  it('default: the same for the same reservations, another for others', () => {
    assert.equal(settlementKey(3, [1n, 2n]), settlementKey(3, [1n, 2n]))
    assert.notEqual(settlementKey(3, [1n, 2n]), settlementKey(3, [12n]))
    assert.notEqual(settlementKey(3, [1n]), settlementKey(4, [1n]))
  })
})
