/**
 * Object storage. `ObjectStore` is what can be done with objects, by whoever holds the credentials; `StorageDriver`
 * adds what makes a store a data unit: it says what it can, checks itself and hands out scoped rights.
 */
import { LightmeshError } from '../errors.ts'
import type { UnitKind } from '../units.ts'

export type StorageErrorCode =
  | 'access-denied'
  | 'aborted'
  | 'backend-failed'
  | 'clock-skew'
  | 'container-missing'
  | 'digest-mismatch'
  | 'expired'
  | 'invalid-config'
  | 'invalid-key'
  | 'malformed-response'
  | 'object-missing'
  | 'part-invalid'
  | 'precondition-failed'
  | 'quota-exceeded'
  | 'range-invalid'
  | 'throttled'
  | 'timeout'
  | 'unreachable'
  | 'unsupported'
  | 'upload-missing'
  | 'wrong-length'

/** What a store or its backend refused or failed at. Vendors' errors are mapped to these codes; the cause is kept. */
export class StorageError extends LightmeshError<StorageErrorCode> {
  override readonly name = 'StorageError'
}

/** Codes after which the same request may succeed later; everything else is final. */
export const RETRYABLE_STORAGE_CODES: ReadonlySet<StorageErrorCode> = new Set([
  'backend-failed',
  'throttled',
  'timeout',
  'unreachable',
])

/** Longest key in UTF-8 bytes; S3's limit, which Azure (1,024 characters) shares. */
export const MAX_KEY_BYTES = 1024

export interface ObjectHead {
  key: string
  bytes: number
  /** Without quotes. For a single PUT on S3 the MD5 in hex; opaque elsewhere. */
  etag: string
  lastModifiedMs: number
  contentType?: string
  /** User metadata, lower-case names. Not filled by `list`. */
  metadata?: Readonly<Record<string, string>>
}

/** First and last byte, both inclusive, as in HTTP. */
export interface ByteRange {
  start: number
  end: number
}

export interface Cancellable {
  signal?: AbortSignal
}

export interface PutOptions extends Cancellable {
  /** Exact length of the body; a body of another length is refused and nothing is stored. */
  bytes: number
  contentType?: string
  metadata?: Readonly<Record<string, string>>
  /** Only create, never overwrite. */
  ifAbsent?: boolean
  /** Only overwrite what has this etag. */
  ifMatch?: string
}

export interface GetOptions extends Cancellable {
  range?: ByteRange
  /** Refuse unless the object still has this etag. */
  ifMatch?: string
}

export interface ObjectBody {
  head: ObjectHead
  /** Bytes that `body` will give: the object's, or the range's (cut at the object's end). */
  range: ByteRange | undefined
  /** Must be read to the end or returned early; either releases the connection or file. */
  body: AsyncIterable<Uint8Array>
}

export interface ListOptions extends Cancellable {
  prefix?: string
  /** Keys after this one, exclusive. */
  after?: string
  /** At the most, 1–1,000. */
  limit?: number
}

export interface ListPage {
  /** Ascending by the keys' UTF-8 bytes. */
  objects: ObjectHead[]
  /** More follow after the last key of this page. */
  truncated: boolean
}

/** All methods throw `StorageError`, or the signal's reason. A `put` that fails leaves what was there before. */
export interface ObjectStore {
  put(key: string, body: AsyncIterable<Uint8Array>, options: PutOptions): Promise<ObjectHead>
  get(key: string, options?: GetOptions): Promise<ObjectBody>
  /** @throws {StorageError} `object-missing`. */
  head(key: string, options?: Cancellable): Promise<ObjectHead>
  list(options?: ListOptions): Promise<ListPage>
  /** Idempotent: deleting what is not there succeeds. */
  delete(key: string, options?: Cancellable): Promise<void>
  /** Absent when the store cannot assemble objects from parts. */
  readonly multipart?: MultipartStore
}

export interface PartInfo {
  /** 1–10,000. */
  number: number
  etag: string
  bytes: number
}

/** Objects assembled from parts. All parts but the last have at least `minPartBytes`. */
export interface MultipartStore {
  readonly minPartBytes: number
  create(key: string, options?: Cancellable & Pick<PutOptions, 'contentType' | 'metadata'>): Promise<string>
  putPart(
    key: string,
    uploadId: string,
    number: number,
    body: AsyncIterable<Uint8Array>,
    options: Cancellable & { bytes: number },
  ): Promise<PartInfo>
  listParts(key: string, uploadId: string, options?: Cancellable): Promise<PartInfo[]>
  complete(
    key: string,
    uploadId: string,
    parts: readonly Pick<PartInfo, 'number' | 'etag'>[],
    options?: Cancellable,
  ): Promise<ObjectHead>
  /** Idempotent. */
  abort(key: string, uploadId: string, options?: Cancellable): Promise<void>
}

export type GrantAction = 'read' | 'write'

/** A request that anyone may send until it expires: method, URL and the headers that must go with it. */
export interface PresignedRequest {
  method: 'GET' | 'PUT'
  url: string
  /** Lower-case names. Sent exactly so. */
  headers: Readonly<Record<string, string>>
  expiresAtMs: number
}

export interface PresignOptions {
  action: GrantAction
  key: string
  /** Writes: the exact length of the body. Bound by the backend when `capabilities.bindsLength`. */
  bytes?: number
  /** Unix ms of now, from the caller's clock. */
  nowMs: number
  expiresInMs: number
}

export interface StorageCapabilities {
  /** Rights can be handed out as URLs. */
  presign: boolean
  /** A write grant of n bytes stores n bytes or nothing: enforced by the backend itself. */
  bindsLength: boolean
  multipart: boolean
  /** `ifAbsent` and `ifMatch` are enforced by the backend. */
  conditionalWrites: boolean
  /** Largest object of a single put. */
  maxPutBytes: number
}

export interface StorageDriver extends ObjectStore {
  readonly kind: UnitKind
  readonly capabilities: StorageCapabilities
  /**
   * Tries the configuration against the backend: reachable, authorised to write, read, list and delete.
   * @throws {StorageError} that names exactly what is wrong.
   */
  validate(options?: Cancellable): Promise<void>
  presign(options: PresignOptions): Promise<PresignedRequest>
  /** Releases connections. */
  close(): Promise<void>
}
