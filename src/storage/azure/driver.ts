/** Storage driver for Azure Blob Storage; rights are handed out as service SAS of one blob. */

import type { Readable } from 'node:stream'
import type { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob'
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
import { unquotedEtag, vendorBody, vendorCall } from '../vendor-call.ts'
import { type AzureConfig, checkAzureConfig } from './config.ts'
import { toStorageError } from './errors.ts'
import { checkAzureKey } from './keys.ts'
import { AzureMultipart } from './multipart.ts'

type AzureSdk = typeof import('@azure/storage-blob')

/** A single Put Blob: 5,000 MiB since version 2019-12-12. */
const MAX_PUT_BYTES = 5000 * 2 ** 20
/** Azure's clocks may be behind ours: a SAS without this slack is refused as not yet valid. */
const START_SLACK_MS = 5 * 60_000
/** Remembered continuation markers: `list` goes on after a key, Azure after an opaque marker. */
const MAX_MARKERS = 256

export async function createAzureDriver(config: AzureConfig): Promise<StorageDriver> {
  checkAzureConfig(config)
  const sdk = await import('@azure/storage-blob')
  const credential = new sdk.StorageSharedKeyCredential(config.account, config.accountKey)
  const service = new sdk.BlobServiceClient(config.endpoint, credential, {
    retryOptions: { maxTries: 3, retryDelayInMs: 200, maxRetryDelayInMs: 5000 },
  })
  return new AzureDriver(config, sdk, credential, service.getContainerClient(config.container))
}

class AzureDriver implements StorageDriver {
  readonly kind = 'azure-blob'
  readonly capabilities: StorageCapabilities = {
    presign: true,
    // A SAS says nothing of lengths: the node counts what was granted and looks afterwards at what is there.
    bindsLength: false,
    multipart: true,
    conditionalWrites: true,
    maxPutBytes: MAX_PUT_BYTES,
  }
  readonly multipart: AzureMultipart
  readonly #config: AzureConfig
  readonly #sdk: AzureSdk
  readonly #credential: StorageSharedKeyCredential
  readonly #container: ContainerClient
  readonly #markers = new Map<string, string>()

  constructor(config: AzureConfig, sdk: AzureSdk, credential: StorageSharedKeyCredential, container: ContainerClient) {
    this.#config = config
    this.#sdk = sdk
    this.#credential = credential
    this.#container = container
    this.multipart = new AzureMultipart(container)
  }

  validate(options: Cancellable = {}): Promise<void> {
    return checkBackend(this, options)
  }

  async put(key: string, body: AsyncIterable<Uint8Array>, options: PutOptions): Promise<ObjectHead> {
    checkAzureKey(key)
    const { bytes, contentType, metadata, signal } = options
    const conditions = {
      ...(options.ifAbsent && { ifNoneMatch: '*' }),
      ...(options.ifMatch !== undefined && { ifMatch: `"${options.ifMatch}"` }),
    }
    const done = await this.#guard(`put ${key}`, signal, () =>
      sendExactly(body, bytes, signal, (stream, abortSignal) =>
        this.#blob(key).upload(() => stream, bytes, {
          abortSignal,
          ...(contentType !== undefined && { blobHTTPHeaders: { blobContentType: contentType } }),
          ...(metadata && { metadata: { ...metadata } }),
          conditions,
        }),
      ),
    )
    return {
      key,
      bytes,
      etag: unquotedEtag(done.etag),
      lastModifiedMs: done.lastModified?.getTime() ?? 0,
      ...(contentType !== undefined && { contentType }),
      ...(metadata && { metadata }),
    }
  }

  async get(key: string, { range, ifMatch, signal }: GetOptions = {}): Promise<ObjectBody> {
    checkAzureKey(key)
    const found = await this.#guard(`get ${key}`, signal, () =>
      this.#blob(key).download(range?.start ?? 0, range && range.end - range.start + 1, {
        ...(signal && { abortSignal: signal }),
        ...(ifMatch !== undefined && { conditions: { ifMatch: `"${ifMatch}"` } }),
      }),
    )
    const body = found.readableStreamBody as Readable | undefined
    if (!body) throw new StorageError('malformed-response', `get ${key}: no body`)
    // Whoever does not get the body can't close it.
    body.on('error', () => {})
    try {
      const answered = answeredRange(range, found.contentRange)
      return {
        head: toHead(key, answered?.bytes ?? found.contentLength ?? 0, found),
        range: answered?.range,
        body: heldBody(vendorBody(toStorageError, body, `get ${key}`, signal), () => body.destroy()),
      }
    } catch (error) {
      body.destroy()
      throw error
    }
  }

  async head(key: string, { signal }: Cancellable = {}): Promise<ObjectHead> {
    checkAzureKey(key)
    const found = await this.#guard(`head ${key}`, signal, () =>
      this.#blob(key).getProperties(signal && { abortSignal: signal }),
    )
    return toHead(key, found.contentLength ?? 0, found)
  }

  async list({ prefix, after, limit = 1000, signal }: ListOptions = {}): Promise<ListPage> {
    const objects: ObjectHead[] = []
    let marker = after === undefined ? undefined : this.#markers.get(markerKey(prefix, after))
    for (;;) {
      const pages = this.#container
        .listBlobsFlat({ ...(prefix !== undefined && { prefix }), ...(signal && { abortSignal: signal }) })
        .byPage({ maxPageSize: limit, ...(marker !== undefined && { continuationToken: marker }) })
      const next = await this.#guard('list', signal, () => pages.next())
      if (next.done) return { objects, truncated: false }
      for (const item of next.value.segment.blobItems) {
        if (after !== undefined && Buffer.compare(Buffer.from(item.name), Buffer.from(after)) <= 0) continue
        if (objects.length === limit) return { objects, truncated: true }
        objects.push(toHead(item.name, item.properties.contentLength ?? 0, item.properties))
      }
      marker = next.value.continuationToken || undefined
      if (marker === undefined) return { objects, truncated: false }
      const last = objects.at(-1)
      if (objects.length < limit || !last) continue
      this.#remember(markerKey(prefix, last.key), marker)
      return { objects, truncated: true }
    }
  }

  async delete(key: string, { signal }: Cancellable = {}): Promise<void> {
    checkAzureKey(key)
    await this.#guard(`delete ${key}`, signal, () => this.#blob(key).deleteIfExists(signal && { abortSignal: signal }))
  }

  async presign({ action, key, bytes, nowMs, expiresInMs }: PresignOptions): Promise<PresignedRequest> {
    checkAzureKey(key)
    if (action === 'write' && bytes === undefined)
      throw new StorageError('unsupported', 'a write grant needs the exact length of the body')
    // SAS times have whole seconds.
    const expiresAtMs = Math.ceil((nowMs + expiresInMs) / 1000) * 1000
    const { BlobSASPermissions, generateBlobSASQueryParameters, SASProtocol } = this.#sdk
    const query = generateBlobSASQueryParameters(
      {
        containerName: this.#config.container,
        blobName: key,
        permissions: BlobSASPermissions.parse(action === 'read' ? 'r' : 'cw'),
        startsOn: new Date(nowMs - START_SLACK_MS),
        expiresOn: new Date(expiresAtMs),
        ...(this.#config.endpoint.startsWith('https:') && { protocol: SASProtocol.Https }),
      },
      this.#credential,
    )
    return {
      method: action === 'read' ? 'GET' : 'PUT',
      url: `${this.#blob(key).url}?${query}`,
      headers: action === 'read' ? {} : { 'content-length': String(bytes), 'x-ms-blob-type': 'BlockBlob' },
      expiresAtMs,
    }
  }

  async close(): Promise<void> {
    this.#markers.clear()
  }

  #blob(key: string) {
    return this.#container.getBlockBlobClient(key)
  }

  #remember(key: string, marker: string): void {
    this.#markers.set(key, marker)
    const oldest = this.#markers.keys().next()
    if (this.#markers.size > MAX_MARKERS && !oldest.done) this.#markers.delete(oldest.value)
  }

  async #guard<T>(doing: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    return vendorCall(toStorageError, doing, signal, work)
  }
}

interface HeadFields {
  etag?: string | undefined
  lastModified?: Date | undefined
  contentType?: string | undefined
  metadata?: Record<string, string> | undefined
}

function toHead(key: string, bytes: number, found: HeadFields): ObjectHead {
  return {
    key,
    bytes,
    etag: unquotedEtag(found.etag),
    lastModifiedMs: found.lastModified?.getTime() ?? 0,
    ...(found.contentType !== undefined && { contentType: found.contentType }),
    ...(found.metadata && Object.keys(found.metadata).length > 0 && { metadata: found.metadata }),
  }
}

const markerKey = (prefix: string | undefined, after: string) => JSON.stringify([prefix ?? '', after])
