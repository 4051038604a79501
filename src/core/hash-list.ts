/** Commitments that several messages share (docs/protocol.md 1.3). */
import { type Address, bytesToHex, type Epoch, type Hash32, hexToBytes, type NodeIndex } from './ids.ts'
import { keccak256Hex } from './keccak.ts'

/** A hash with the set index of the node it belongs to. */
export interface IndexedHash {
  index: NodeIndex
  hash: Hash32
}

/** Hash over the list, ascending by index. @throws {RangeError} when the order is wrong or an index stands twice. */
export function hashIndexed(entries: readonly IndexedHash[]): Hash32 {
  const out = new Uint8Array(entries.length * 33)
  entries.forEach(({ index, hash }, k) => {
    const previous = entries[k - 1]
    if (previous && previous.index >= index) throw new RangeError('indexed hashes: not ascending')
    out[k * 33] = index
    out.set(hexToBytes(hash), k * 33 + 1)
  })
  return keccak256Hex(out)
}

/** The node is inside, or a copier could replay another's commit and reveal as its own. */
export function commitHashOf(batchHash: Hash32, salt: Hash32, node: Address, epoch: Epoch): Hash32 {
  const out = new Uint8Array(89)
  out.set(hexToBytes(batchHash))
  out.set(hexToBytes(salt), 32)
  out.set(hexToBytes(node), 64)
  new DataView(out.buffer).setUint32(85, epoch % 2 ** 32)
  out[84] = Math.floor(epoch / 2 ** 32)
  return keccak256Hex(out)
}

/** Bitmap word: bit i set = index i present. */
export function bitmapOf(indexes: readonly NodeIndex[]): Hash32 {
  const word = new Uint8Array(32)
  for (const i of indexes) word[31 - (i >> 3)]! |= 1 << (i & 7)
  return bytesToHex(word)
}
