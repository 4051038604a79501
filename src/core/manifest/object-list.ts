/**
 * Object lists: what a data unit says it holds for probing, with the hash of each 64 KiB leaf, signed by the provider
 * (docs/protocol.md `ObjectList`). A prober trusts nothing that comes from the backend itself.
 */
import { type CborValue, CodecError, decodeCanonical, encodeCanonical, read } from '../canonical-cbor.ts'
import type { Digests } from '../eip712.ts'
import { type Address, bytesToHex, type Hash32, hexToBytes, type UnitId } from '../ids.ts'
import type { Signature, SignatureScheme, Signer } from '../ports/signer.ts'
import { MAX_KEY_BYTES } from '../ports/storage.ts'
import { keyOrder } from './key-order.ts'
import { sha256 } from './sha256.ts'
import { leafCount, objectRoot, treeHead } from './tree.ts'

/** A list travels in one response; 4 MiB hold 120,000 leaf hashes, i.e. 7.5 GiB of objects. */
export const MAX_OBJECT_LIST_BYTES = 4 << 20
export const MAX_LISTED_OBJECTS = 1024

export interface ListedObject {
  key: string
  bytes: number
  root: Uint8Array
  /** SHA-256 of each 64 KiB leaf, in order. */
  leafHashes: readonly Uint8Array[]
}

export interface ObjectList {
  unitId: UnitId
  /** A later list replaces an earlier one. */
  seq: bigint
  /** Ascending by the keys' UTF-8 bytes, no key twice. */
  objects: readonly ListedObject[]
}

export interface SignedObjectList extends ObjectList {
  signature: Signature
}

/** Root over the entries `(key, bytes, root)`: the same tree as over an object's leaves, a leaf being one entry. */
export function indexRootOf(objects: readonly ListedObject[]): Hash32 {
  if (objects.length === 0) return bytesToHex(sha256(Uint8Array.of(0)))
  return bytesToHex(treeHead(objects.map((o) => sha256(Uint8Array.of(0), encodeCanonical([o.key, o.bytes, o.root])))))
}

export function objectListDigest(digests: Digests, list: ObjectList): Hash32 {
  const bytes = list.objects.reduce((sum, o) => sum + BigInt(o.bytes), 0n)
  return digests.objectList({
    unitId: list.unitId,
    seq: list.seq,
    indexRoot: indexRootOf(list.objects),
    count: list.objects.length,
    bytes,
  })
}

export async function signObjectList(digests: Digests, signer: Signer, list: ObjectList): Promise<SignedObjectList> {
  return { ...list, signature: await signer.signDigest(objectListDigest(digests, list)) }
}

export function encodeObjectList(list: SignedObjectList): Uint8Array {
  const objects = list.objects.map((o): CborValue => [o.key, o.bytes, concat(o.leafHashes)])
  return encodeCanonical([hexToBytes(list.unitId), list.seq, objects, list.signature])
}

/**
 * Decodes and checks a list: canonical, ordered, roots recomputed from the leaves, signed by `provider`.
 * @throws {CodecError}
 */
export function decodeObjectList(
  encoded: Uint8Array,
  expected: { unitId: UnitId; provider: Address; digests: Digests; scheme: SignatureScheme },
): SignedObjectList {
  const [unitId, seq, objects, signature] = read.tuple(decodeCanonical(encoded, MAX_OBJECT_LIST_BYTES), 4)
  const list: SignedObjectList = {
    unitId: bytesToHex(read.bytes(unitId, 32)),
    seq: read.uint64(seq),
    objects: read.list(objects, MAX_LISTED_OBJECTS).map(decodeObject),
    signature: read.bytes(signature, 65),
  }
  if (list.unitId !== expected.unitId) throw new CodecError('wrong-shape', 'object list of another unit')
  list.objects.forEach((object, i) => {
    const previous = list.objects[i - 1]
    if (previous && keyOrder(previous.key, object.key) >= 0)
      throw new CodecError('not-canonical', 'object list out of order')
  })
  if (expected.scheme.recover(objectListDigest(expected.digests, list), list.signature) !== expected.provider)
    throw new CodecError('wrong-shape', 'object list not signed by the provider')
  return list
}

function decodeObject(value: CborValue): ListedObject {
  const [key, bytes, hashes] = read.tuple(value, 3)
  const length = read.uint(bytes)
  const packed = read.bytesUpTo(hashes, MAX_OBJECT_LIST_BYTES)
  if (packed.length !== 32 * leafCount(length)) throw new CodecError('wrong-shape', 'leaf hashes do not fit the length')
  const leafHashes = Array.from({ length: packed.length / 32 }, (_, i) => packed.slice(32 * i, 32 * i + 32))
  return { key: read.text(key, MAX_KEY_BYTES), bytes: length, root: objectRoot(length, leafHashes), leafHashes }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(32 * parts.length)
  parts.forEach((part, i) => {
    out.set(part, 32 * i)
  })
  return out
}
