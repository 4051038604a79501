/** The commitments of docs/protocol.md 1.3 and 1.4 against viem's packed encoding. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { concat, encodePacked, keccak256 as reference } from 'viem'
import { bitmapOf, commitHashOf, hashIndexed } from '../../../src/core/hash-list.ts'
import type { Address, Hash32 } from '../../../src/core/ids.ts'
import { keccak256Hex } from '../../../src/core/keccak.ts'

const hash = (i: number): Hash32 => keccak256Hex(Uint8Array.of(i))
const node = `0x${'ab'.repeat(20)}` as Address

describe('hashIndexed', () => {
  it('default', () => {
    const entries = [0, 3, 30].map((index) => ({ index, hash: hash(index) }))
    const packed = concat(entries.map(({ index, hash: h }) => encodePacked(['uint8', 'bytes32'], [index, h])))
    assert.equal(hashIndexed(entries), reference(packed))
  })

  it('behavior: the empty list has the hash of nothing', () => {
    assert.equal(hashIndexed([]), reference('0x'))
  })

  it('error: not ascending, or twice the same index', () => {
    const at = (index: number) => ({ index, hash: hash(index) })
    assert.throws(() => hashIndexed([at(2), at(1)]), RangeError)
    assert.throws(() => hashIndexed([at(2), at(2)]), RangeError)
  })
})

describe('commitHashOf', () => {
  it('default', () => {
    for (const epoch of [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 40 - 1]) {
      const packed = encodePacked(['bytes32', 'bytes32', 'address', 'uint40'], [hash(1), hash(2), node, epoch])
      assert.equal(commitHashOf(hash(1), hash(2), node, epoch), reference(packed))
    }
  })
})

describe('bitmapOf', () => {
  it('default', () => {
    for (const indexes of [[], [0], [0, 1, 2], [7, 8, 30], [30]]) {
      const expected = indexes.reduce((word, i) => word | (1n << BigInt(i)), 0n)
      assert.equal(BigInt(bitmapOf(indexes)), expected)
    }
  })
})
