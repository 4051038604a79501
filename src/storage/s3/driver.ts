/** Storage driver for any S3-compatible endpoint, Google Cloud Storage's XML API among them; on the AWS SDK. */

import type { Readable } from 'node:stream'
import type { S3Client } from '@aws-sdk/client-s3'
import {
  type Cancellable,
  type GetOptions,
  type ListOptions,
  type ListPage,
  type ObjectBody,
  type ObjectHead,
  type PresignedRequest,
  type PresignOptions,
  type PutOptions,
  type StorageCapabilities,
  type StorageDriver,
  StorageError,
} from '../../core/ports/storage.ts'
import { checkBackend } from '../check-backend.ts'
import { answeredRange } from '../content-range.ts'
import { sendExactly } from '../exact-body.ts'
import { heldBody } from '../held-body.ts'
import { checkKey } from '../keys.ts'
import { unquotedEtag, vendorBody, vendorCall } from '../vendor-call.ts'
import { createS3Client, type S3Sdk } from './client.ts'
import { checkS3Config, type S3Config } from './config.ts'
import { toStorageError } from './errors.ts'
import { S3Multipart } from './multipart.ts'
import { presignGrant } from './presign-grant.ts'

/** S3's limit of a single PUT. */
const MAX_PUT_BYTES = 5 * 2 ** 30

/** The SDK is loaded here, not before: it costs a node that has no such unit 60 MiB. */
export async function createS3Driver(config: S3Config, kind: 's3' | 'gcs' = 's3'): Promise<StorageDriver> {
  checkS3Config(config)
  const sdk = await import('@aws-sdk/client-s3')
  return new S3Driver(kind, config, sdk, createS3Client(sdk, config))
}

class S3Driver implements StorageDriver {
  readonly kind: 's3' | 'gcs'
  readonly capabilities: StorageCapabilities
  readonly multipart: S3Multipart
  readonly #config: S3Config
  readonly #sdk: S3Sdk
  readonly #client: S3Client

  constructor(kind: 's3' | 'gcs', config: S3Config, sdk: S3Sdk, client: S3Client) {
    this.kind = kind
    this.#config = config
    this.#sdk = sdk
    this.#client = client
    this.multipart = new S3Multipart(sdk, client, config.bucket)
    this.capabilities = {
      presign: true,
      bindsLength: true,
      multipart: true,
      conditionalWrites: config.conditionalWrites ?? true,
      maxPutBytes: MAX_PUT_BYTES,
    }
  }

  validate(options: Cancellable = {}): Promise<void> {
    return checkBackend(this, options)
  }

  async put(key: string, body: AsyncIterable<Uint8Array>, options: PutOptions): Promise<ObjectHead> {
    checkKey(key)
    const { bytes, contentType, metadata, signal } = options
    const input = {
      Bucket: this.#config.bucket,
      Key: key,
      ContentLength: bytes,
      ...(contentType !== undefined && { ContentType: contentType }),
      ...(metadata && { Metadata: { ...metadata } }),
      ...(options.ifAbsent && { IfNoneMatch: '*' }),
      ...(options.ifMatch !== undefined && { IfMatch: `"${options.ifMatch}"` }),
    }
    const { ETag } = await this.#guard(`put ${key}`, signal, () =>
      sendExactly(body, bytes, signal, (Body, abortSignal) =>
        this.#client.send(new this.#sdk.PutObjectCommand({ ...input, Body }), { abortSignal }),
      ),
    )
    // The backend's clock is not in the answer; a head tells it to whom it matters.
    return {
      key,
      bytes,
      etag: unquotedEtag(ETag),
      lastModifiedMs: 0,
      ...(contentType !== undefined && { contentType }),
      ...(metadata && { metadata }),
    }
  }

  async get(key: string, { range, ifMatch, signal }: GetOptions = {}): Promise<ObjectBody> {
    checkKey(key)
    const command = new this.#sdk.GetObjectCommand({
      Bucket: this.#config.bucket,
      Key: key,
      ...(range && { Range: `bytes=${range.start}-${range.end}` }),
      ...(ifMatch !== undefined && { IfMatch: `"${ifMatch}"` }),
    })
    const found = await this.#guard(`get ${key}`, signal, () =>
      this.#client.send(command, signal && { abortSignal: signal }),
    )
    const body = found.Body as Readable | undefined
    if (!body) throw new StorageError('malformed-response', `get ${key}: no body`)
    // Whoever does not get the body can't close it.
    body.on('error', () => {})
    try {
      const answered = answeredRange(range, found.ContentRange)
      return {
        head: toHead(key, answered?.bytes ?? found.ContentLength ?? 0, found),
        range: answered?.range,
        body: heldBody(vendorBody(toStorageError, body, `get ${key}`, signal), () => body.destroy()),
      }
    } catch (error) {
      body.destroy()
      throw error
    }
  }

  async head(key: string, { signal }: Cancellable = {}): Promise<ObjectHead> {
    checkKey(key)
    const command = new this.#sdk.HeadObjectCommand({ Bucket: this.#config.bucket, Key: key })
    const found = await this.#guard(`head ${key}`, signal, () =>
      this.#client.send(command, signal && { abortSignal: signal }),
    )
    return toHead(key, found.ContentLength ?? 0, found)
  }

  async list({ prefix, after, limit = 1000, signal }: ListOptions = {}): Promise<ListPage> {
    const command = new this.#sdk.ListObjectsV2Command({
      Bucket: this.#config.bucket,
      MaxKeys: limit,
      // Keys may hold what XML can't.
      EncodingType: 'url',
      ...(prefix !== undefined && { Prefix: prefix }),
      ...(after !== undefined && { StartAfter: after }),
    })
    const page = await this.#guard('list', signal, () => this.#client.send(command, signal && { abortSignal: signal }))
    const objects = (page.Contents ?? []).map((object) => ({
      key: decodeURIComponent((object.Key ?? '').replaceAll('+', ' ')),
      bytes: object.Size ?? 0,
      etag: unquotedEtag(object.ETag),
      lastModifiedMs: object.LastModified?.getTime() ?? 0,
    }))
    if (objects.length > limit)
      throw new StorageError('malformed-response', `list: ${objects.length} entries, ${limit} asked for`)
    return { objects, truncated: page.IsTruncated ?? false }
  }

  async delete(key: string, { signal }: Cancellable = {}): Promise<void> {
    checkKey(key)
    const command = new this.#sdk.DeleteObjectCommand({ Bucket: this.#config.bucket, Key: key })
    await this.#guard(`delete ${key}`, signal, () => this.#client.send(command, signal && { abortSignal: signal }))
  }

  async presign(options: PresignOptions): Promise<PresignedRequest> {
    return presignGrant(this.#config, this.#config.keys, options)
  }

  async close(): Promise<void> {
    this.#client.destroy()
  }

  async #guard<T>(doing: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    return vendorCall(toStorageError, doing, signal, work)
  }
}

interface HeadFields {
  ETag?: string | undefined
  LastModified?: Date | undefined
  ContentType?: string | undefined
  Metadata?: Record<string, string> | undefined
}

function toHead(key: string, bytes: number, found: HeadFields): ObjectHead {
  return {
    key,
    bytes,
    etag: unquotedEtag(found.ETag),
    lastModifiedMs: found.LastModified?.getTime() ?? 0,
    ...(found.ContentType !== undefined && { contentType: found.ContentType }),
    ...(found.Metadata && Object.keys(found.Metadata).length > 0 && { metadata: found.Metadata }),
  }
}
