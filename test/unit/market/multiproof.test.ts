/** Multiproofs against a plain reading of OpenZeppelin's `processMultiProof`, for every shape of tree. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { concat, keccak256 as reference } from 'viem'
import { bytesToHex, type Hash32 } from '../../../src/core/ids.ts'
import { keccak256 } from '../../../src/core/keccak.ts'
import { MerkleTree } from '../../../src/core/merkle.ts'
import { multiProofOf } from '../../../src/market/multiproof.ts'

const leavesOf = (n: number) => Array.from({ length: n }, (_, i) => keccak256(Uint8Array.of(i >> 8, i & 0xff)))

/** As in the Solidity library, its checks included. */
function processMultiProof(proof: readonly Hash32[], flags: readonly boolean[], leaves: readonly Hash32[]): Hash32 {
  assert.equal(leaves.length + proof.length, flags.length + 1)
  const hashes: Hash32[] = []
  let [leafPos, hashPos, proofPos] = [0, 0, 0]
  const next = () => (leafPos < leaves.length ? leaves[leafPos++]! : hashes[hashPos++]!)
  for (const flag of flags) {
    const a = next()
    const b = flag ? next() : proof[proofPos++]!
    hashes.push(reference(concat(a < b ? [a, b] : [b, a])))
  }
  if (flags.length === 0) return leaves.length > 0 ? leaves[0]! : proof[0]!
  assert.equal(proofPos, proof.length)
  return hashes[flags.length - 1]!
}

const prove = (n: number, chosen: readonly number[]) => {
  const leaves = leavesOf(n)
  const tree = new MerkleTree(leaves)
  const multi = multiProofOf(chosen.map((k) => ({ leafHash: leaves[k]!, proof: tree.proof(k) })))
  const inOrder = multi.order.map((i) => bytesToHex(leaves[chosen[i]!]!))
  return { multi, tree, root: processMultiProof(multi.proof, multi.flags, inOrder) }
}

describe('multiProofOf', () => {
  it('default: every pair of leaves in every tree of up to twelve', () => {
    for (let n = 2; n <= 12; n++)
      for (let a = 0; a < n; a++)
        for (let b = 0; b < n; b++) {
          if (a === b) continue
          const { root, tree, multi } = prove(n, [a, b])
          assert.equal(root, tree.root, `leaves ${a} and ${b} of ${n}`)
          assert.equal(multi.root, tree.root)
        }
  })

  it('behavior: any choice of leaves, in any order', () => {
    const choice = fc
      .integer({ min: 1, max: 150 })
      .chain((n) =>
        fc.tuple(fc.constant(n), fc.uniqueArray(fc.nat(n - 1), { minLength: 1, maxLength: Math.min(n, 40) })),
      )
    fc.assert(
      fc.property(choice, ([n, chosen]) => {
        const { root, tree } = prove(n, chosen)
        assert.equal(root, tree.root)
      }),
      { numRuns: 300 },
    )
  })

  it('behavior: neighbours share their way: all leaves need no sibling at all', () => {
    const { multi } = prove(
      13,
      Array.from({ length: 13 }, (_, i) => i),
    )
    assert.deepEqual(multi.proof, [])
    assert.equal(multi.flags.length, 12)
  })

  it('error: proofs of different trees, a leaf twice, none', () => {
    const one = { leafHash: leavesOf(4)[0]!, proof: new MerkleTree(leavesOf(4)).proof(0) }
    const other = { leafHash: leavesOf(5)[1]!, proof: new MerkleTree(leavesOf(5)).proof(1) }
    assert.throws(() => multiProofOf([one, other]), RangeError)
    assert.throws(() => multiProofOf([one, one]), RangeError)
    assert.throws(() => multiProofOf([]), RangeError)
  })
})
