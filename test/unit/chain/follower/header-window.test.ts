/** Linked headers: parents, caps, and the look-up by time. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { BlockHeader } from '../../../../src/chain/api.ts'
import { ChainError } from '../../../../src/chain/errors.ts'
import { HeaderWindow } from '../../../../src/chain/follower/header-window.ts'
import { keccak256Hex } from '../../../../src/core/keccak.ts'

const hashOf = (n: number) => keccak256Hex(Uint8Array.of(n >> 8, n & 255))
const header = (n: number, timestamp = n * 10): BlockHeader => ({
  number: BigInt(n),
  hash: hashOf(n),
  parentHash: hashOf(n - 1),
  timestamp,
  mixHash: hashOf(n),
  baseFeePerGas: 1n,
})
const filled = (from: number, to: number, cap = 100) => {
  const window = new HeaderWindow(cap)
  for (let n = from; n <= to; n++) window.push(header(n))
  return window
}

describe('HeaderWindow', () => {
  it('default', () => {
    const window = filled(5, 9)
    assert.equal(window.tip?.number, 9n)
    assert.equal(window.at(7)?.hash, hashOf(7))
    assert.equal(window.at(4), undefined)
    assert.equal(window.at(10), undefined)
  })

  it('behavior: the last header at or before an instant', () => {
    const window = filled(5, 9)
    const found = [49, 50, 59, 60, 90, 1_000].map((t) => window.lastAtOrBefore(t)?.number)
    assert.deepEqual(found, [undefined, 5n, 5n, 6n, 9n, 9n])
  })

  it('behavior: blocks of one instant give the last of them', () => {
    const window = new HeaderWindow(10)
    for (const n of [1, 2, 3]) window.push(header(n, 7))
    assert.equal(window.lastAtOrBefore(7)?.number, 3n)
  })

  it('behavior: truncation and reset', () => {
    const window = filled(5, 9)
    window.truncate(7)
    assert.equal(window.tip?.number, 7n)
    window.push(header(8))
    window.truncate(2)
    assert.equal(window.size, 0)
    window.reset(header(50))
    assert.equal(window.tip?.number, 50n)
  })

  it('behavior: the oldest leave at the cap', () => {
    const window = filled(1, 1_000, 40)
    assert.ok(window.size >= 40 && window.size <= 50)
    assert.equal(window.tip?.number, 1_000n)
    assert.equal(window.at(961)?.number, 961n)
  })

  it('error: a header that does not follow', () => {
    const window = filled(1, 3)
    const inconsistent = (error: unknown) => error instanceof ChainError && error.code === 'rpc-inconsistent'
    assert.throws(() => window.push(header(5)), inconsistent)
    assert.throws(() => window.push({ ...header(4), parentHash: hashOf(99) }), inconsistent)
    assert.equal(window.tip?.number, 3n)
  })
})
