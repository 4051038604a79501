/**
 * Evidence bundle of an attested epoch: its proposal's inputs, whole. Content-addressed: `inputsHash` of the attested header
 * covers the digests of the reveal headers, and each of those its batch's hash (docs/protocol.md 9).
 */
import { type CborValue, decodeCanonical, encodeCanonical, read } from '../core/canonical-cbor.ts'
import type { AttestationHeader } from '../core/eip712.ts'
import { bytesToHex, type Epoch, hexToBytes } from '../core/ids.ts'
import { MAX_ORACLES } from '../core/quorum.ts'

/** One reveal, as it was on the wire. */
export interface RevealEvidence {
  /** Encoded reveal header message. */
  header: Uint8Array
  /** Encoded batch, whose hash stands in the header. */
  batch: Uint8Array
}

export interface EvidenceBundle {
  header: AttestationHeader
  /** Final epoch before this one; `undefined` for the first of an era. */
  parentEpoch: Epoch | undefined
  /** Ascending by the reporters' index. */
  reveals: readonly RevealEvidence[]
}

/** A bundle of 31 reporters on 100,000 units with every task is 220 MB; larger ones are no bundle. */
export const MAX_BUNDLE_BYTES = 256 * 1024 * 1024

export function encodeHeaderFields(h: AttestationHeader): CborValue[] {
  return [
    h.epoch,
    h.setId,
    h.attempt,
    hexToBytes(h.parentRoot),
    hexToBytes(h.root),
    h.unitCount,
    hexToBytes(h.inputsHash),
    hexToBytes(h.paramsHash),
    h.evaluatorVersion,
  ]
}

export function decodeHeaderFields(value: CborValue | undefined): AttestationHeader {
  const f = read.tuple(value, 9)
  const hash = (i: number) => bytesToHex(read.bytes(f[i], 32))
  return {
    epoch: read.uint(f[0], 2 ** 40 - 1),
    setId: read.uint(f[1]),
    attempt: read.uint(f[2], 255),
    parentRoot: hash(3),
    root: hash(4),
    unitCount: read.uint(f[5], 2 ** 32 - 1),
    inputsHash: hash(6),
    paramsHash: hash(7),
    evaluatorVersion: read.uint(f[8], 2 ** 32 - 1),
  }
}

export function encodeBundle(bundle: EvidenceBundle): Uint8Array {
  return encodeCanonical([
    1,
    encodeHeaderFields(bundle.header),
    bundle.parentEpoch ?? null,
    bundle.reveals.map((r) => [r.header, r.batch]),
  ])
}

/** @throws {CodecError} */
export function decodeBundle(bytes: Uint8Array): EvidenceBundle {
  const f = read.tuple(decodeCanonical(bytes, MAX_BUNDLE_BYTES), 4)
  read.uint(f[0], 1)
  return {
    header: decodeHeaderFields(f[1]),
    parentEpoch: f[2] === null ? undefined : read.uint(f[2]),
    reveals: read.list(f[3], MAX_ORACLES).map((entry) => {
      const [header, batch] = read.tuple(entry, 2)
      return {
        header: read.bytesUpTo(header, MAX_BUNDLE_BYTES),
        batch: read.bytesUpTo(batch, MAX_BUNDLE_BYTES),
      }
    }),
  }
}
