/** Pseudo-random orders that every node derives from the epoch's seed alone. */
import { encodeWords, textWord } from '../core/abi.ts'
import type { Epoch, Hash32, NodeIndex } from '../core/ids.ts'
import { keccak256 } from '../core/keccak.ts'

const DOMAIN = { propose: textWord('lightmesh.propose'), transmit: textWord('lightmesh.transmit') } as const

/**
 * Fisher–Yates over 0 … n−1 with 32-bit draws from a keccak counter stream. The modulo bias is below n/2^32.
 * @param salt separates orders of one epoch.
 */
export function permutation(
  seed: Hash32,
  epoch: Epoch,
  n: number,
  domain: keyof typeof DOMAIN,
  salt: number,
): NodeIndex[] {
  const order = Array.from({ length: n }, (_, i) => i)
  const base = keccak256(encodeWords([seed, DOMAIN[domain], epoch, salt]))
  const block = new Uint8Array(36)
  block.set(base)
  const view = new DataView(block.buffer)
  let draws = new DataView(base.buffer)
  let used = 8
  let counter = 0
  for (let i = n - 1; i > 0; i--) {
    if (used === 8) {
      view.setUint32(32, counter++)
      draws = new DataView(keccak256(block).buffer)
      used = 0
    }
    const j = draws.getUint32(used++ * 4) % (i + 1)
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order
}

/** Proposers of an epoch are the head of one permutation, so that f + 1 attempts have f + 1 different proposers. */
export function proposerOf(seed: Hash32, epoch: Epoch, attempt: number, n: number): NodeIndex {
  return permutation(seed, epoch, n, 'propose', 0)[attempt % n]!
}

/** Position of a node in the order in which the holders of a certificate send it. */
export function transmitStage(seed: Hash32, epoch: Epoch, attempt: number, n: number, index: NodeIndex): number {
  return permutation(seed, epoch, n, 'transmit', attempt).indexOf(index)
}

/** First 32 bits of a digest as a fraction of 2^32, for thresholds. */
export function head32(hash: Uint8Array): number {
  return new DataView(hash.buffer, hash.byteOffset).getUint32(0)
}
