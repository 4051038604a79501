/**
 * The complete binary tree of docs/protocol.md 2.3, in one flat buffer: slot i at byte 32·i, the root in slot 0.
 * OpenZeppelin's MerkleProof verifies what it proves.
 */
import { bytesToHex, type Hash32, hexToBytes } from './ids.ts'
import { keccak256 } from './keccak.ts'

/** Lexicographic order of two 32-byte slots of one buffer. */
function inOrder(buffer: Uint8Array, a: number, b: number): boolean {
  for (let i = 0; i < 32; i++) {
    const d = buffer[a + i]! - buffer[b + i]!
    if (d !== 0) return d < 0
  }
  return true
}

export class MerkleTree {
  readonly #slots: Uint8Array
  readonly leafCount: number

  /** @param leaves hashes of 32 bytes each, in the protocol's order; at least one. */
  constructor(leaves: readonly Uint8Array[]) {
    const n = leaves.length
    if (n === 0) throw new RangeError('a Merkle tree needs a leaf')
    const slots = new Uint8Array((2 * n - 1) * 32)
    leaves.forEach((leaf, k) => {
      slots.set(leaf, (2 * n - 2 - k) * 32)
    })
    const pair = new Uint8Array(64)
    for (let i = n - 2; i >= 0; i--) {
      const left = (2 * i + 1) * 32
      const right = left + 32
      const sorted = inOrder(slots, left, right)
      pair.set(slots.subarray(left, left + 32), sorted ? 0 : 32)
      pair.set(slots.subarray(right, right + 32), sorted ? 32 : 0)
      slots.set(keccak256(pair), i * 32)
    }
    this.#slots = slots
    this.leafCount = n
  }

  get root(): Hash32 {
    return this.#slot(0)
  }

  /** Siblings from leaf k up to the root. */
  proof(k: number): Hash32[] {
    if (k < 0 || k >= this.leafCount) throw new RangeError(`no leaf ${k}`)
    const siblings: Hash32[] = []
    for (let i = 2 * this.leafCount - 2 - k; i > 0; i = (i - 1) >> 1)
      siblings.push(this.#slot(i % 2 === 1 ? i + 1 : i - 1))
    return siblings
  }

  #slot(i: number): Hash32 {
    return bytesToHex(this.#slots.subarray(i * 32, i * 32 + 32))
  }
}

/** The root that a leaf and its siblings lead to; a longer or shorter list of siblings leads somewhere else. */
export function rootOfProof(leafHash: Uint8Array, proof: readonly Hash32[]): Hash32 {
  const pair = new Uint8Array(64)
  let hash = leafHash
  for (const sibling of proof) {
    pair.set(hash)
    pair.set(hexToBytes(sibling), 32)
    if (!inOrder(pair, 0, 32)) pair.copyWithin(0, 32).set(hash, 32)
    hash = keccak256(pair)
  }
  return bytesToHex(hash)
}
