/**
 * What two catalogues differ in, found by comparing 256 fingerprints. A fingerprint is the XOR of a hash per entry, over
 * unit id and body hash: heartbeats do not change it, and it is kept up to date by one hash a change.
 */
import { type Hash32, hexToBytes, type UnitId } from '../ids.ts'
import { keccak256 } from '../keccak.ts'
import { BUCKETS, FINGERPRINT_BYTES } from './limits.ts'

export interface BucketSummary {
  counts: Uint32Array
  /** BUCKETS × FINGERPRINT_BYTES. */
  fingerprints: Uint8Array
}

interface Fingerprinted {
  unitId: UnitId
  bodyHash: Hash32
  /** An entry without its body does not count: a peer that has it differs and is asked. */
  body: unknown
}

export interface Buckets {
  /** Adds (1) or takes away (−1) an entry. */
  toggle(entry: Fingerprinted, by: 1 | -1): void
  unitsOf(index: number): UnitId[]
  summary(): BucketSummary
}

export function bucketOf(unitId: UnitId): number {
  return Number.parseInt(unitId.slice(2, 4), 16)
}

export function createBuckets(): Buckets {
  const units = Array.from({ length: BUCKETS }, () => new Set<UnitId>())
  const fingerprints = new Uint8Array(BUCKETS * FINGERPRINT_BYTES)
  return {
    toggle({ unitId, bodyHash, body }, by) {
      const index = bucketOf(unitId)
      if (by === 1) units[index]!.add(unitId)
      else units[index]!.delete(unitId)
      if (body === undefined) return
      const preimage = new Uint8Array(64)
      preimage.set(hexToBytes(unitId))
      preimage.set(hexToBytes(bodyHash), 32)
      const hash = keccak256(preimage)
      for (let i = 0; i < FINGERPRINT_BYTES; i++) fingerprints[index * FINGERPRINT_BYTES + i]! ^= hash[i]!
    },
    unitsOf: (index) => [...(units[index] ?? [])],
    summary: () => ({
      counts: Uint32Array.from(units, (set) => set.size),
      fingerprints: fingerprints.slice(),
    }),
  }
}

/** Indices whose fingerprints differ and in which `theirs` has anything at all. */
export function differing(ours: BucketSummary, theirs: BucketSummary): number[] {
  const indices: number[] = []
  for (let index = 0; index < BUCKETS; index++) {
    if (theirs.counts[index] === 0) continue
    const from = index * FINGERPRINT_BYTES
    for (let i = from; i < from + FINGERPRINT_BYTES; i++) {
      if (ours.fingerprints[i] === theirs.fingerprints[i]) continue
      indices.push(index)
      break
    }
  }
  return indices
}
