/** What is written reads back equal. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decodeValue, encodeValue } from '../../../../src/chain/follower/value-codec.ts'

describe('value codec', () => {
  it('default', () => {
    const row = {
      amount: 2n ** 200n,
      none: undefined,
      list: [1n, { deep: undefined, text: 'n: $n' }, null],
      number: 2 ** 40,
      flag: false,
      empty: {},
    }
    assert.deepEqual(decodeValue(encodeValue(row)), row)
  })

  it('error: damaged bytes', () => {
    assert.throws(() => decodeValue(Uint8Array.of(1, 2, 3)), SyntaxError)
    assert.throws(() => decodeValue(encodeValue({ a: 1n }).subarray(0, 8)), SyntaxError)
  })
})
