/** Index records of the folder store. What lies on disk under which name is known from here alone. */
import { type CborValue, decodeCanonical, encodeCanonical, read } from '../../core/canonical-cbor.ts'
import { MAX_KEY_BYTES, type ObjectHead } from '../../core/ports/storage.ts'

/** S3 allows 2 KiB of user metadata; names, values and ten thousand part references fit into this. */
const MAX_RECORD_BYTES = 1 << 20
/** S3's limit of parts. */
export const MAX_PARTS = 10_000

/** A piece of an object: a file of its own, written once and never changed. */
export interface Piece {
  /** 32 hex digits, the file's name. */
  file: string
  bytes: number
}

export interface ObjectRecord {
  bytes: number
  etag: string
  lastModifiedMs: number
  contentType: string | undefined
  metadata: Readonly<Record<string, string>> | undefined
  pieces: readonly Piece[]
}

export interface UploadRecord {
  key: string
  createdMs: number
  contentType: string | undefined
  metadata: Readonly<Record<string, string>> | undefined
}

export interface PartRecord extends Piece {
  etag: string
}

const objectKey = (key: string) => `o/${key}`
const uploadKey = (uploadId: string) => `u/${uploadId}`
const partKey = (uploadId: string, number: number) => `p/${uploadId}/${String(number).padStart(5, '0')}`
export const indexKeys = { objectKey, uploadKey, partKey }

export function encodeObject(r: ObjectRecord): Uint8Array {
  const pieces = r.pieces.map((p): CborValue => [Buffer.from(p.file, 'hex'), p.bytes])
  return encodeCanonical([r.bytes, r.etag, r.lastModifiedMs, r.contentType ?? null, pairs(r.metadata), pieces])
}

export function decodeObject(encoded: Uint8Array): ObjectRecord {
  const [bytes, etag, modified, type, metadata, pieces] = read.tuple(decodeCanonical(encoded, MAX_RECORD_BYTES), 6)
  return {
    bytes: read.uint(bytes),
    etag: read.text(etag, 64),
    lastModifiedMs: read.uint(modified),
    contentType: optionalText(type),
    metadata: fromPairs(metadata),
    pieces: read.list(pieces, MAX_PARTS).map((piece) => {
      const [file, length] = read.tuple(piece, 2)
      return { file: Buffer.from(read.bytes(file, 16)).toString('hex'), bytes: read.uint(length) }
    }),
  }
}

export function encodeUpload(r: UploadRecord): Uint8Array {
  return encodeCanonical([r.key, r.createdMs, r.contentType ?? null, pairs(r.metadata)])
}

export function decodeUpload(encoded: Uint8Array): UploadRecord {
  const [key, createdMs, type, metadata] = read.tuple(decodeCanonical(encoded, MAX_RECORD_BYTES), 4)
  return {
    key: read.text(key, MAX_KEY_BYTES),
    createdMs: read.uint(createdMs),
    contentType: optionalText(type),
    metadata: fromPairs(metadata),
  }
}

export function encodePart(r: PartRecord): Uint8Array {
  return encodeCanonical([Buffer.from(r.file, 'hex'), r.bytes, r.etag])
}

export function decodePart(encoded: Uint8Array): PartRecord {
  const [file, bytes, etag] = read.tuple(decodeCanonical(encoded, MAX_RECORD_BYTES), 3)
  return {
    file: Buffer.from(read.bytes(file, 16)).toString('hex'),
    bytes: read.uint(bytes),
    etag: read.text(etag, 64),
  }
}

export function headOf(key: string, record: ObjectRecord): ObjectHead {
  return {
    key,
    bytes: record.bytes,
    etag: record.etag,
    lastModifiedMs: record.lastModifiedMs,
    ...(record.contentType !== undefined && { contentType: record.contentType }),
    ...(record.metadata !== undefined && { metadata: record.metadata }),
  }
}

function pairs(metadata: Readonly<Record<string, string>> | undefined): CborValue {
  return metadata ? Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)) : null
}

function fromPairs(value: CborValue | undefined): Record<string, string> | undefined {
  if (value === null) return undefined
  return Object.fromEntries(
    read.list(value, 1000).map((pair) => {
      const [name, text] = read.tuple(pair, 2)
      return [read.text(name, 4096), read.text(text, 4096)]
    }),
  )
}

function optionalText(value: CborValue | undefined): string | undefined {
  return value === null ? undefined : read.text(value, 4096)
}
