/**
 * The object index of a reservation: which objects it holds, where, and their roots. Each change is signed by the consumer
 * and countersigned by the provider, which makes it the evidence of what has to be there (docs/protocol.md `ObjectIndex`).
 */
import { type CborValue, CodecError, decodeCanonical, encodeCanonical, read } from '../canonical-cbor.ts'
import type { Digests } from '../eip712.ts'
import { bytesToHex, type Hash32 } from '../ids.ts'
import type { Signature } from '../ports/signer.ts'
import { MAX_KEY_BYTES } from '../ports/storage.ts'
import { keyOrder } from './key-order.ts'
import { sha256 } from './sha256.ts'
import { LEAF_BYTES, treeHead } from './tree.ts'

/** Objects of one reservation. */
export const MAX_INDEX_ENTRIES = 16_384
export const MAX_INDEX_BYTES = 4 << 20

export interface IndexEntry {
  /** The consumer's name of the object. */
  key: string
  bytes: number
  /** 32 bytes: root over the 64 KiB leaves, length included. */
  root: Uint8Array
  /** 16 random bytes: the object's parts are `o/<hex>/<number>` below the reservation, its leaf hashes `m/<hex>`. */
  location: Uint8Array
  /** A multiple of 64 KiB; the object lies in parts of this size. */
  partBytes: number
}

export interface ObjectIndex {
  reservationId: bigint
  /** 0 is the empty index that needs no signature; each change adds one. */
  seq: bigint
  /** Ascending by the keys' UTF-8 bytes, no key twice. */
  entries: readonly IndexEntry[]
}

export interface SignedObjectIndex extends ObjectIndex {
  consumerSignature: Signature
  providerSignature: Signature
}

/** Entries to put (a known key: replaced) and keys to delete, on top of the index with `baseSeq`. */
export interface IndexChange {
  reservationId: bigint
  baseSeq: bigint
  puts: readonly IndexEntry[]
  deletes: readonly string[]
}

export const partKey = (location: Uint8Array, part: number) => `o/${bytesToHex(location).slice(2)}/${part}`
export const leavesKey = (location: Uint8Array) => `m/${bytesToHex(location).slice(2)}`

export function partCount({ bytes, partBytes }: Pick<IndexEntry, 'bytes' | 'partBytes'>): number {
  return Math.max(1, Math.ceil(bytes / partBytes))
}

export function partLength({ bytes, partBytes }: Pick<IndexEntry, 'bytes' | 'partBytes'>, part: number): number {
  return Math.min(partBytes, bytes - part * partBytes)
}

export function emptyIndex(reservationId: bigint): ObjectIndex {
  return { reservationId, seq: 0n, entries: [] }
}

/** The index after a change. @throws {CodecError} for a change of another index, or one that makes it too large. */
export function applyChange(index: ObjectIndex, change: IndexChange): ObjectIndex {
  if (change.reservationId !== index.reservationId || change.baseSeq !== index.seq)
    throw new CodecError('wrong-shape', 'a change of another index')
  const entries = new Map(index.entries.map((entry) => [entry.key, entry]))
  for (const key of change.deletes) entries.delete(key)
  for (const entry of change.puts) entries.set(entry.key, entry)
  if (entries.size > MAX_INDEX_ENTRIES) throw new CodecError('too-long', `${MAX_INDEX_ENTRIES} objects at the most`)
  const ordered = [...entries.values()].sort((a, b) => keyOrder(a.key, b.key))
  return { reservationId: index.reservationId, seq: index.seq + 1n, entries: ordered }
}

export function objectIndexDigest(digests: Digests, index: ObjectIndex): Hash32 {
  const leaves = index.entries.map((entry) => sha256(Uint8Array.of(0), encodeCanonical(entryFields(entry))))
  return digests.objectIndex({
    reservationId: index.reservationId,
    seq: index.seq,
    indexRoot: bytesToHex(leaves.length === 0 ? sha256(Uint8Array.of(0)) : treeHead(leaves)),
    count: leaves.length,
    bytes: index.entries.reduce((sum, entry) => sum + BigInt(entry.bytes), 0n),
  })
}

export function encodeObjectIndex(index: SignedObjectIndex): Uint8Array {
  const entries = index.entries.map(entryFields)
  return encodeCanonical([index.reservationId, index.seq, entries, index.consumerSignature, index.providerSignature])
}

/** Shape only; whoever uses it checks the signatures. @throws {CodecError} */
export function decodeObjectIndex(bytes: Uint8Array): SignedObjectIndex {
  const [reservationId, seq, entries, consumer, provider] = read.tuple(decodeCanonical(bytes, MAX_INDEX_BYTES), 5)
  const index: SignedObjectIndex = {
    reservationId: read.uint64(reservationId),
    seq: read.uint64(seq),
    entries: read.list(entries, MAX_INDEX_ENTRIES).map(readEntry),
    consumerSignature: read.bytes(consumer, 65),
    providerSignature: read.bytes(provider, 65),
  }
  index.entries.forEach((entry, i) => {
    const before = index.entries[i - 1]
    if (before && keyOrder(before.key, entry.key) >= 0) throw new CodecError('not-canonical', 'index out of order')
  })
  return index
}

export function encodeIndexChange(change: IndexChange, consumerSignature: Signature): Uint8Array {
  const puts = change.puts.map(entryFields)
  return encodeCanonical([change.reservationId, change.baseSeq, puts, change.deletes, consumerSignature])
}

/** @throws {CodecError} */
export function decodeIndexChange(bytes: Uint8Array): { change: IndexChange; consumerSignature: Signature } {
  const [reservationId, baseSeq, puts, deletes, signature] = read.tuple(decodeCanonical(bytes, MAX_INDEX_BYTES), 5)
  return {
    change: {
      reservationId: read.uint64(reservationId),
      baseSeq: read.uint64(baseSeq),
      puts: read.list(puts, MAX_INDEX_ENTRIES).map(readEntry),
      deletes: read.list(deletes, MAX_INDEX_ENTRIES).map((key) => read.text(key, MAX_KEY_BYTES)),
    },
    consumerSignature: read.bytes(signature, 65),
  }
}

function entryFields(entry: IndexEntry): CborValue {
  return [entry.key, entry.bytes, entry.root, entry.location, entry.partBytes]
}

function readEntry(value: CborValue): IndexEntry {
  const [key, bytes, root, location, partBytes] = read.tuple(value, 5)
  const entry: IndexEntry = {
    key: read.text(key, MAX_KEY_BYTES),
    bytes: read.uint(bytes),
    root: read.bytes(root, 32),
    location: read.bytes(location, 16),
    partBytes: read.uint(partBytes),
  }
  if (entry.partBytes === 0 || entry.partBytes % LEAF_BYTES !== 0 || partCount(entry) > 100_000)
    throw new CodecError('wrong-shape', 'parts are whole leaves, 100,000 at the most')
  return entry
}
