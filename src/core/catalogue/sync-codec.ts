/** Messages of the catalogue's synchronisation (docs/mesh.md 7). */
import { MAX_ADVERT_BYTES } from '../advert/limits.ts'
import { CodecError, decodeCanonical, encodeCanonical, read } from '../canonical-cbor.ts'
import { bytesToHex, hexToBytes, type UnitId } from '../ids.ts'
import type { BucketSummary } from './buckets.ts'
import { BUCKETS, FINGERPRINT_BYTES, MAX_PAGE_BYTES, MAX_PAGE_REQUEST_BYTES, MAX_SUMMARY_BYTES } from './limits.ts'

export const SUMMARY_PROTOCOL = 'catalogue-summary'
export const PAGE_PROTOCOL = 'catalogue-page'

/** Smallest advert that can be: bounds the length of a page's list. */
const MIN_ADVERT_BYTES = 100

export function encodeSummary({ counts, fingerprints }: BucketSummary): Uint8Array {
  const words = new Uint8Array(BUCKETS * 4)
  const view = new DataView(words.buffer)
  counts.forEach((count, i) => {
    view.setUint32(4 * i, count)
  })
  return encodeCanonical([words, fingerprints])
}

/** @throws {CodecError} */
export function decodeSummary(bytes: Uint8Array): BucketSummary {
  const [words, fingerprints] = read.tuple(decodeCanonical(bytes, MAX_SUMMARY_BYTES), 2)
  const packed = read.bytes(words, BUCKETS * 4)
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  return {
    counts: Uint32Array.from({ length: BUCKETS }, (_, i) => view.getUint32(4 * i)),
    fingerprints: read.bytes(fingerprints, BUCKETS * FINGERPRINT_BYTES),
  }
}

export interface PageRequest {
  bucket: number
  /** Units above this one. */
  after: UnitId | undefined
}

export function encodePageRequest({ bucket, after }: PageRequest): Uint8Array {
  return encodeCanonical([bucket, after === undefined ? null : hexToBytes(after)])
}

/** @throws {CodecError} */
export function decodePageRequest(bytes: Uint8Array): PageRequest {
  const [bucket, after] = read.tuple(decodeCanonical(bytes, MAX_PAGE_REQUEST_BYTES), 2)
  return {
    bucket: read.uint(bucket, BUCKETS - 1),
    after: after === null ? undefined : bytesToHex(read.bytes(after, 32)),
  }
}

export interface Page {
  /** In their wire form, ascending by unit id. */
  adverts: readonly Uint8Array[]
  /** There are more after the last of them. */
  more: boolean
}

export function encodePage({ adverts, more }: Page): Uint8Array {
  return encodeCanonical([more, adverts])
}

/** @throws {CodecError} */
export function decodePage(bytes: Uint8Array): Page {
  const [more, adverts] = read.tuple(decodeCanonical(bytes, MAX_PAGE_BYTES), 2)
  if (typeof more !== 'boolean') throw new CodecError('wrong-shape', 'expected a boolean')
  const list = read.list(adverts, Math.ceil(MAX_PAGE_BYTES / MIN_ADVERT_BYTES))
  return { more, adverts: list.map((each) => read.bytesUpTo(each, MAX_ADVERT_BYTES)) }
}
