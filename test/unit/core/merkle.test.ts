/** The tree against a plain reading of OpenZeppelin's `MerkleProof`, and against the slot rule of the protocol. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { concat, keccak256 as reference } from 'viem'
import { bytesToHex, type Hash32 } from '../../../src/core/ids.ts'
import { keccak256 } from '../../../src/core/keccak.ts'
import { MerkleTree, rootOfProof } from '../../../src/core/merkle.ts'

const leavesOf = (n: number) => Array.from({ length: n }, (_, i) => keccak256(Uint8Array.of(i >> 8, i & 0xff)))
const pair = (a: Hash32, b: Hash32) => reference(concat(a < b ? [a, b] : [b, a]))

/** `MerkleProof.processProof`: fold the siblings, sorted pairs. */
function processProof(leaf: Hash32, proof: readonly Hash32[]): Hash32 {
  return proof.reduce((node, sibling) => pair(node, sibling), leaf)
}

describe('MerkleTree', () => {
  it('default', () => {
    const [a, b, c] = leavesOf(3)
    const tree = new MerkleTree([a!, b!, c!])
    // Slots: 4 = a, 3 = b, 2 = c, 1 = H(slot 3, slot 4), 0 = H(slot 1, slot 2).
    assert.equal(tree.root, pair(pair(bytesToHex(b!), bytesToHex(a!)), bytesToHex(c!)))
    assert.deepEqual(tree.proof(2), [pair(bytesToHex(a!), bytesToHex(b!))])
  })

  it('behavior: every proof of every size verifies', () => {
    for (const n of [1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 100, 257]) {
      const leaves = leavesOf(n)
      const tree = new MerkleTree(leaves)
      leaves.forEach((leaf, k) => {
        assert.equal(processProof(bytesToHex(leaf), tree.proof(k)), tree.root)
      })
    }
  })

  it('behavior: one leaf is its own root with an empty proof', () => {
    const [leaf] = leavesOf(1)
    const tree = new MerkleTree([leaf!])
    assert.equal(tree.root, bytesToHex(leaf!))
    assert.deepEqual(tree.proof(0), [])
  })

  it('behavior: another leaf, order or sibling does not verify', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 64 }), fc.nat(), (n, seed) => {
        const leaves = leavesOf(n)
        const tree = new MerkleTree(leaves)
        const k = seed % n
        assert.notEqual(processProof(bytesToHex(leaves[(k + 1) % n]!), tree.proof(k)), tree.root)
        const proof = tree.proof(k)
        proof[seed % proof.length] = bytesToHex(keccak256(Uint8Array.of(9, 9, 9)))
        assert.notEqual(processProof(bytesToHex(leaves[k]!), proof), tree.root)
      }),
    )
  })

  it('error: no leaves, no such leaf', () => {
    assert.throws(() => new MerkleTree([]), RangeError)
    assert.throws(() => new MerkleTree(leavesOf(3)).proof(3), RangeError)
    assert.throws(() => new MerkleTree(leavesOf(3)).proof(-1), RangeError)
  })
})

describe('rootOfProof', () => {
  it('default: leads to the root from every leaf of every size', () => {
    for (const n of [1, 2, 3, 4, 5, 7, 8, 31, 64, 100]) {
      const leaves = leavesOf(n)
      const tree = new MerkleTree(leaves)
      leaves.forEach((leaf, k) => {
        assert.equal(rootOfProof(leaf, tree.proof(k)), tree.root)
      })
    }
  })

  it('error: another leaf, a missing or a changed sibling lead elsewhere', () => {
    const leaves = leavesOf(9)
    const tree = new MerkleTree(leaves)
    const proof = tree.proof(3)
    assert.notEqual(rootOfProof(leaves[4]!, proof), tree.root)
    assert.notEqual(rootOfProof(leaves[3]!, proof.slice(1)), tree.root)
    assert.notEqual(rootOfProof(leaves[3]!, [tree.root, ...proof.slice(1)]), tree.root)
  })
})
