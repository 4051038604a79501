/** What an operation is given and what it answers; the server does everything around it. */
import type { ObjectStore } from '../../core/ports/storage.ts'
import type { Payload } from './payload.ts'
import type { S3Request } from './request.ts'

export interface S3Call {
  request: S3Request
  store: ObjectStore
  accessKeyId: string
  /** For operations whose body is stored or read; throws `S3Error` for headers that rule the body out. */
  payload(maxBytes?: number): Payload
  /** The raw body; tells a waiting client to send it. */
  source(): AsyncIterable<Uint8Array>
  /** Store of another bucket, with the right to read `key` in it checked. */
  storeToRead(bucket: string, key: string): ObjectStore
  /** Buckets that these credentials may list. */
  buckets(): string[]
  signal: AbortSignal
}

export interface S3Reply {
  status: number
  headers?: Readonly<Record<string, string>>
  /** A document, or an object's bytes. */
  body?: string | AsyncIterable<Uint8Array>
}

export type S3Handler = (call: S3Call) => Promise<S3Reply>

export function xmlReply(document: string): S3Reply {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: document }
}
