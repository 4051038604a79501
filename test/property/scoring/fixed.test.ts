/** The two-limb arithmetic against BigInt, which is slow and right. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { mulDiv, mulShift48, scaleQ64, sqrtOfProduct } from '../../../src/scoring/fixed.ts'

const LIMIT = 2 ** 52 - 1
/** Uniform bits would hardly ever be small. */
const operand = fc
  .tuple(fc.integer({ min: 0, max: LIMIT }), fc.integer({ min: 0, max: 52 }))
  .map(([value, shift]) => Math.floor(value / 2 ** shift))
const word = fc.integer({ min: 0, max: 2 ** 32 - 1 })

describe('fixed-point arithmetic', () => {
  it('default: mulDiv floors the exact quotient', () => {
    fc.assert(
      fc.property(operand, operand, operand, (a, b, c) => {
        const want = (BigInt(a) * BigInt(b)) / BigInt(c || 1)
        fc.pre(want < 2n ** 53n)
        assert.equal(BigInt(mulDiv(a, b, c || 1)), want)
      }),
      { numRuns: 5_000 },
    )
  })

  it('default: mulShift48 and scaleQ64 floor the exact product', () => {
    fc.assert(
      fc.property(operand, operand, word, word, (a, b, high, low) => {
        const shifted = (BigInt(a) * BigInt(b)) >> 48n
        if (shifted < 2n ** 53n) assert.equal(BigInt(mulShift48(a, b)), shifted)
        const multiplier = (BigInt(high) << 32n) + BigInt(low)
        assert.equal(BigInt(scaleQ64(a, { high, low })), (BigInt(a) * multiplier) >> 64n)
      }),
      { numRuns: 5_000 },
    )
  })

  it('default: sqrtOfProduct is the integer square root', () => {
    fc.assert(
      fc.property(operand, operand, (a, b) => {
        const product = BigInt(a) * BigInt(b)
        const root = BigInt(sqrtOfProduct(a, b))
        assert.ok(root * root <= product && (root + 1n) * (root + 1n) > product)
      }),
      { numRuns: 5_000 },
    )
  })

  it('behavior: the corners of the domain', () => {
    for (const a of [0, 1, 2 ** 26 - 1, 2 ** 26, 2 ** 51, LIMIT])
      for (const b of [0, 1, 2 ** 26 + 1, LIMIT]) {
        assert.equal(BigInt(mulDiv(a, b, LIMIT)), (BigInt(a) * BigInt(b)) / BigInt(LIMIT))
        const root = BigInt(sqrtOfProduct(a, b))
        assert.ok(root * root <= BigInt(a) * BigInt(b) && (root + 1n) ** 2n > BigInt(a) * BigInt(b))
      }
  })
})
