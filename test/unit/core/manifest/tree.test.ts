/** The hash tree against the recursive definition of RFC 6962, and its proofs. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { hashObject, LeafHasher } from '../../../../src/core/manifest/leaf-hasher.ts'
import {
  LEAF_BYTES,
  leafCount,
  leafProof,
  leafRange,
  objectRoot,
  treeHead,
  verifyLeaf,
} from '../../../../src/core/manifest/tree.ts'

const sha = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest()

/** The definition, word by word; quadratic. */
function reference(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0]!
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return sha(Uint8Array.of(1), reference(leaves.slice(0, k)), reference(leaves.slice(k)))
}
const leavesOf = (n: number) => Array.from({ length: n }, (_, i) => new Uint8Array(sha(Buffer.from(`leaf ${i}`))))
const pattern = (bytes: number) => new Uint8Array(bytes).map((_, i) => (i * 31 + (i >> 9)) & 255)

describe('treeHead', () => {
  it('default', () => {
    for (let n = 1; n <= 70; n++)
      assert.deepEqual(Buffer.from(treeHead(leavesOf(n))), Buffer.from(reference(leavesOf(n))), `n = ${n}`)
  })
  it('error: no leaves', () => {
    assert.throws(() => treeHead([]), RangeError)
  })
})

describe('objectRoot', () => {
  it('behavior: binds the length beyond the leaves', () => {
    assert.notDeepEqual(objectRoot(10, leavesOf(1)), objectRoot(11, leavesOf(1)))
  })
  it('error: leaves that do not fit the length', () => {
    assert.throws(() => objectRoot(LEAF_BYTES + 1, leavesOf(1)), RangeError)
  })
})

describe('LeafHasher', () => {
  it('default', () => {
    const data = pattern(2 * LEAF_BYTES + 5)
    const leaf = (from: number, to: number) => sha(Uint8Array.of(0), data.subarray(from, to))
    const { bytes, leafHashes } = hashObject(data)
    assert.equal(bytes, data.length)
    assert.deepEqual(
      leafHashes.map((h) => Buffer.from(h)),
      [leaf(0, LEAF_BYTES), leaf(LEAF_BYTES, 2 * LEAF_BYTES), leaf(2 * LEAF_BYTES, data.length)],
    )
  })
  it('behavior: the result does not depend on how the stream is cut', () => {
    const data = pattern(3 * LEAF_BYTES)
    const whole = hashObject(data)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100_000 }), { maxLength: 12 }), (sizes) => {
        const hasher = new LeafHasher()
        let at = 0
        for (const size of sizes) {
          hasher.update(data.subarray(at, at + size))
          at = Math.min(data.length, at + size)
        }
        hasher.update(data.subarray(at))
        assert.deepEqual(hasher.finish(), whole)
      }),
      { numRuns: 25 },
    )
  })
  it('behavior: an empty object has one empty leaf', () => {
    assert.equal(hashObject(new Uint8Array()).leafHashes.length, 1)
    assert.equal(leafRange(0, 0), undefined)
    assert.equal(leafCount(0), 1)
  })
})

describe('verifyLeaf', () => {
  it('default', () => {
    for (const bytes of [0, 1, LEAF_BYTES, LEAF_BYTES + 1, 5 * LEAF_BYTES, 6 * LEAF_BYTES + 77]) {
      const data = pattern(bytes)
      const { root, leafHashes } = hashObject(data)
      for (let i = 0; i < leafHashes.length; i++) {
        const leaf = data.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES)
        assert.ok(verifyLeaf({ bytes, root }, i, leaf, leafProof(leafHashes, i)), `${bytes} bytes, leaf ${i}`)
      }
    }
  })
  it('error: a flipped bit, another index, another length, a proof too short or too long', () => {
    const data = pattern(5 * LEAF_BYTES)
    const { root, leafHashes } = hashObject(data)
    const leaf = data.slice(LEAF_BYTES, 2 * LEAF_BYTES)
    const proof = leafProof(leafHashes, 1)
    const object = { bytes: data.length, root }
    assert.ok(verifyLeaf(object, 1, leaf, proof))
    assert.ok(!verifyLeaf(object, 2, leaf, proof))
    assert.ok(!verifyLeaf(object, 7, leaf, proof))
    assert.ok(!verifyLeaf({ bytes: data.length - 1, root }, 1, leaf, proof))
    assert.ok(!verifyLeaf(object, 1, leaf, proof.slice(1)))
    assert.ok(!verifyLeaf(object, 1, leaf, [...proof, root]))
    leaf[100]! ^= 1
    assert.ok(!verifyLeaf(object, 1, leaf, proof))
  })
  it('error: an inner node is not a leaf', () => {
    const leaves = leavesOf(2)
    const node = Buffer.concat([leaves[0]!, leaves[1]!])
    assert.ok(!verifyLeaf({ bytes: node.length, root: objectRoot(2 * LEAF_BYTES, leaves) }, 0, node, []))
  })
})
