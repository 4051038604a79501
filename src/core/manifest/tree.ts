/**
 * The hash tree over an object's bytes: SHA-256 over 64 KiB leaves, shaped as in RFC 6962 (split at the largest power of
 * two below n), so that it is built while streaming. Leaves, inner nodes and roots are hashed under different
 * prefixes: none of them can be passed off as another. The root also binds the object's length.
 */
import { type CreateSha256, createSha256, sameBytes, sha256 } from './sha256.ts'

export const LEAF_BYTES = 65_536

const PREFIX = { leaf: Uint8Array.of(0), node: Uint8Array.of(1), root: Uint8Array.of(2) }

export function leafCount(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / LEAF_BYTES))
}

/** Bytes of leaf `index` of an object: first and last (inclusive); `undefined` for the one leaf of an empty object. */
export function leafRange(bytes: number, index: number): { start: number; end: number } | undefined {
  const start = index * LEAF_BYTES
  return start < bytes ? { start, end: Math.min(bytes, start + LEAF_BYTES) - 1 } : undefined
}

/** @param create bulk data wants something faster than the default. */
export function hashLeaf(data: Uint8Array, create: CreateSha256 = createSha256): Uint8Array {
  const hash = create()
  hash.update(PREFIX.leaf)
  hash.update(data)
  return new Uint8Array(hash.digest())
}

/** @returns 32 bytes over all leaf hashes (at least one). */
export function treeHead(leaves: readonly Uint8Array[]): Uint8Array {
  // Complete subtrees from left to right, largest first: the binary digits of the leaves seen so far.
  const stack: { hash: Uint8Array; size: number }[] = []
  for (const hash of leaves) {
    let node = { hash, size: 1 }
    for (let left = stack.at(-1); left?.size === node.size; left = stack.at(-1)) {
      stack.pop()
      node = { hash: sha256(PREFIX.node, left.hash, node.hash), size: 2 * node.size }
    }
    stack.push(node)
  }
  let head = stack.pop()?.hash
  if (!head) throw new RangeError('treeHead: no leaves')
  for (let left = stack.pop(); left; left = stack.pop()) head = sha256(PREFIX.node, left.hash, head)
  return head
}

/** The object's root: binds all leaves and the exact length. */
export function objectRoot(bytes: number, leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length !== leafCount(bytes)) throw new RangeError(`objectRoot: ${leaves.length} leaves for ${bytes} bytes`)
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, BigInt(bytes))
  return sha256(PREFIX.root, length, treeHead(leaves))
}

/** Sibling hashes from leaf `index` up to the head. */
export function leafProof(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (leaves.length === 1) return []
  const split = splitAt(leaves.length)
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  return index < split
    ? [...leafProof(left, index), treeHead(right)]
    : [...leafProof(right, index - split), treeHead(left)]
}

/** Whether `data` is leaf `index` of the object with this root and length. */
export function verifyLeaf(
  object: { bytes: number; root: Uint8Array },
  index: number,
  data: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  const range = leafRange(object.bytes, index)
  if (data.length !== (range ? range.end - range.start + 1 : 0) || index >= leafCount(object.bytes)) return false
  const head = headFromProof(hashLeaf(data), index, leafCount(object.bytes), proof)
  if (!head) return false
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, BigInt(object.bytes))
  return sameBytes(sha256(PREFIX.root, length, head), object.root)
}

function headFromProof(
  hash: Uint8Array,
  index: number,
  count: number,
  proof: readonly Uint8Array[],
): Uint8Array | undefined {
  if (count === 1) return proof.length === 0 ? hash : undefined
  const sibling = proof.at(-1)
  if (!sibling) return undefined
  const split = splitAt(count)
  const rest = proof.slice(0, -1)
  if (index < split) {
    const left = headFromProof(hash, index, split, rest)
    return left && sha256(PREFIX.node, left, sibling)
  }
  const right = headFromProof(hash, index - split, count - split, rest)
  return right && sha256(PREFIX.node, sibling, right)
}

/** The largest power of two below n. */
function splitAt(n: number): number {
  return 2 ** Math.floor(Math.log2(n - 1))
}
