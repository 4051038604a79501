/**
 * The oracle's reverse hash chain (docs/protocol.md 5): the anchor on chain fixes every x_e before any seed is known, and
 * x_e stays secret until it is revealed. Checkpoints make any x_e a short walk, whatever the chain's length.
 */
import type { HashChainAnchor } from '../core/chain-facts.ts'
import { LightmeshError } from '../core/errors.ts'
import { bytesToHex, type Epoch, type Hash32, hexToBytes } from '../core/ids.ts'
import { keccak256 } from '../core/keccak.ts'

export class HashChainError extends LightmeshError<'out-of-range' | 'bad-checkpoints'> {
  override readonly name = 'HashChainError'
}

/** Steps between checkpoints: 1,024 keccaks are about a millisecond, 2^20 links need 32 KiB of checkpoints. */
const CHECKPOINT_EVERY = 1024
/** 2^20 epochs of 600 s are twenty years. */
export const MAX_CHAIN_LENGTH = 2 ** 20

/** Applies H `steps` times. */
export function hashForward(from: Uint8Array, steps: number): Uint8Array {
  let value = from
  for (let i = 0; i < steps; i++) value = keccak256(value)
  return value
}

export interface HashChain {
  readonly length: number
  /** Value for the contract when epochs count from `baseEpoch`. */
  anchor(baseEpoch: Epoch): HashChainAnchor
  /**
   * x_e under an anchor of this chain.
   * @throws {HashChainError} `out-of-range` when e lies before the base or after the end.
   */
  secretAt(anchor: HashChainAnchor, epoch: Epoch): Hash32
  /** To store beside the seed, so that the next start need not hash the whole chain. As secret as the seed. */
  checkpoints(): Uint8Array
}

/**
 * @param seed 32 secret bytes, of which nothing may be derived elsewhere.
 * @param checkpoints from an earlier `checkpoints()` of the same seed and length.
 */
export function createHashChain(seed: Uint8Array, options: { length: number; checkpoints?: Uint8Array }): HashChain {
  const { length } = options
  if (seed.length !== 32 || !Number.isSafeInteger(length) || length < 1 || length > MAX_CHAIN_LENGTH)
    throw new HashChainError('out-of-range', `a hash chain needs 32 bytes and 1–${MAX_CHAIN_LENGTH} links`)
  const count = Math.floor(length / CHECKPOINT_EVERY) + 1
  const points = options.checkpoints?.slice() ?? build(seed, count)
  if (points.length !== count * 32 || !points.subarray(0, 32).every((b, i) => b === seed[i]))
    throw new HashChainError('bad-checkpoints', 'the stored checkpoints belong to another seed; remove them')
  /** The links between two checkpoints, walked once for the thousand epochs that use them. */
  let segment: { k: number; links: Uint8Array[] } | undefined
  /** H^steps(seed). */
  const at = (steps: number): Uint8Array => {
    const k = Math.floor(steps / CHECKPOINT_EVERY)
    if (segment?.k !== k) segment = { k, links: walk(points.slice(k * 32, k * 32 + 32), length - k * CHECKPOINT_EVERY) }
    return segment.links[steps - k * CHECKPOINT_EVERY]!
  }
  const end = bytesToHex(at(length))
  return {
    length,
    anchor: (baseEpoch) => ({ value: end, baseEpoch }),
    secretAt(anchor, epoch) {
      const distance = epoch - anchor.baseEpoch
      if (distance < 0 || distance > length)
        throw new HashChainError('out-of-range', `epoch ${epoch} is outside the hash chain; announce a new anchor`)
      return bytesToHex(at(length - distance))
    },
    checkpoints: () => points.slice(),
  }
}

/** From a checkpoint to the next one, or to the chain's end. */
function walk(from: Uint8Array, left: number): Uint8Array[] {
  const links = [from]
  for (let i = 0; i < Math.min(left, CHECKPOINT_EVERY - 1); i++) links.push(keccak256(links[i]!))
  return links
}

function build(seed: Uint8Array, count: number): Uint8Array {
  const points = new Uint8Array(count * 32)
  let value: Uint8Array = seed
  for (let k = 0; k < count; k++) {
    points.set(value, k * 32)
    if (k + 1 < count) value = hashForward(value, CHECKPOINT_EVERY)
  }
  return points
}

/** One oracle's newest verified secret: the next check is a walk from there and not from the anchor. */
interface Verified {
  anchor: Hash32
  epoch: Epoch
  value: Hash32
}

/** Checks others' secrets. Bounded by the seats it is asked about. */
export class SecretVerifier {
  readonly #known = new Map<string, Verified>()
  readonly #capacity: number

  constructor(capacity = 256) {
    this.#capacity = capacity
  }

  /** True iff H^(e − base)(secret) is the anchor. */
  verify(node: string, anchor: HashChainAnchor, epoch: Epoch, secret: Hash32): boolean {
    let known = this.#known.get(node)
    if (known?.anchor !== anchor.value || known.epoch > epoch)
      known = { anchor: anchor.value, epoch: anchor.baseEpoch, value: anchor.value }
    const steps = epoch - known.epoch
    if (steps < 0 || steps > MAX_CHAIN_LENGTH) return false
    if (bytesToHex(hashForward(hexToBytes(secret), steps)) !== known.value) return false
    if (!this.#known.has(node) && this.#known.size >= this.#capacity) this.#known.clear()
    this.#known.set(node, { anchor: anchor.value, epoch, value: secret })
    return true
  }
}
