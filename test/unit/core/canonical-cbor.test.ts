/** One form of each value, limits, and typed readers. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type CborValue, CodecError, decodeCanonical, encodeCanonical, read } from '../../../src/core/canonical-cbor.ts'

const code = (expected: string) => (error: unknown) => error instanceof CodecError && error.code === expected
const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'))

const { value: anyValue } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.integer(),
    fc.bigInt(2n ** 53n, 2n ** 64n - 1n),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 5 }),
  ),
}))

describe('canonical CBOR', () => {
  it('default', () => {
    const value = [1, 'text', Uint8Array.of(1, 2), [true, null], 2n ** 60n]
    assert.deepEqual(decodeCanonical(encodeCanonical(value), 100), value)
  })

  it('behavior: every value survives, and has one form', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = encodeCanonical(value)
        const again = decodeCanonical(bytes, 1 << 20)
        assert.deepEqual(again, value)
        assert.deepEqual(encodeCanonical(again), bytes)
      }),
    )
  })

  it('error: longer forms of a number, of a length, and indefinite lengths', () => {
    for (const bad of ['1817', '190001', '1a00000001', '5801ff', '9801 01'.replace(' ', '')]) {
      assert.throws(() => decodeCanonical(hex(bad), 100), CodecError, bad)
    }
    assert.throws(() => decodeCanonical(hex('9f01ff'), 100), code('malformed'))
  })

  it('error: too long, empty, cut off, followed by more', () => {
    const bytes = encodeCanonical([1, 2, 3])
    assert.throws(() => decodeCanonical(bytes, bytes.length - 1), code('too-long'))
    assert.throws(() => decodeCanonical(new Uint8Array(), 10), code('malformed'))
    assert.throws(() => decodeCanonical(bytes.subarray(0, 2), 10), code('malformed'))
    assert.throws(() => decodeCanonical(Uint8Array.of(...bytes, 0), 10), code('malformed'))
  })

  it('behavior: any bytes either decode to their own form or throw a CodecError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        let value: CborValue
        try {
          value = decodeCanonical(bytes, 64)
        } catch (error) {
          assert.ok(error instanceof CodecError)
          return
        }
        assert.deepEqual(encodeCanonical(value), bytes)
      }),
    )
  })
})

describe('read', () => {
  it('default', () => {
    assert.deepEqual(read.tuple([1, 2], 2), [1, 2])
    assert.deepEqual(read.list([1], 3), [1])
    assert.equal(read.uint(5, 5), 5)
    assert.equal(read.uint64(5), 5n)
    assert.equal(read.uint64(2n ** 64n - 1n), 2n ** 64n - 1n)
    assert.deepEqual(read.bytes(Uint8Array.of(1), 1), Uint8Array.of(1))
    assert.deepEqual(read.bytesUpTo(Uint8Array.of(), 1), Uint8Array.of())
    assert.equal(read.text('abc', 3), 'abc')
  })

  it('error: another shape', () => {
    const cases: (() => unknown)[] = [
      () => read.tuple([1], 2),
      () => read.tuple('ab', 2),
      () => read.list([1, 2], 1),
      () => read.uint(6, 5),
      () => read.uint(-1),
      () => read.uint(1.5),
      () => read.uint(2n ** 60n),
      () => read.uint64(-1),
      () => read.uint64(2n ** 64n),
      () => read.bytes(Uint8Array.of(1), 2),
      () => read.bytesUpTo(Uint8Array.of(1, 2), 1),
      () => read.text('abcd', 3),
      () => read.tuple(undefined, 0),
    ]
    for (const run of cases) assert.throws(run, code('wrong-shape'))
  })
})
