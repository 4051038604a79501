/** Keccak-256 against viem's and against known digests. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { keccak256 as reference } from 'viem'
import { bytesToHex } from '../../../src/core/ids.ts'
import { keccak256, keccak256Hex } from '../../../src/core/keccak.ts'

describe('keccak256', () => {
  it('default', () => {
    const empty = '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'
    assert.equal(keccak256Hex(new Uint8Array()), empty)
    assert.equal(bytesToHex(keccak256(new Uint8Array())), empty)
  })

  it('behavior: equals viem around the block size of 136 bytes and beyond', () => {
    for (const length of [1, 31, 32, 64, 135, 136, 137, 271, 272, 273, 4096]) {
      const data = new Uint8Array(length).map((_, i) => i % 253)
      assert.equal(keccak256Hex(data), reference(data))
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (data) => assert.equal(keccak256Hex(data), reference(data))),
    )
  })

  it('behavior: a digest stays what it was when the next is computed', () => {
    const first = keccak256(Uint8Array.of(1))
    const copy = Uint8Array.from(first)
    keccak256(Uint8Array.of(2))
    assert.deepEqual(first, copy)
  })
})
