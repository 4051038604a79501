/** Multipart uploads at an S3 server. */
import type { S3Client } from '@aws-sdk/client-s3'
import {
  type Cancellable,
  type MultipartStore,
  type ObjectHead,
  type PartInfo,
  type PutOptions,
  StorageError,
} from '../../core/ports/storage.ts'
import { sendExactly } from '../exact-body.ts'
import { checkKey } from '../keys.ts'
import type { S3Sdk } from './client.ts'
import { toStorageError } from './errors.ts'

/** A listing that never ends is cut here: 10,000 parts come in ten pages of a thousand. */
const MAX_PART_PAGES = 20

export class S3Multipart implements MultipartStore {
  readonly minPartBytes = 5 << 20
  readonly #sdk: S3Sdk
  readonly #client: S3Client
  readonly #bucket: string

  constructor(sdk: S3Sdk, client: S3Client, bucket: string) {
    this.#sdk = sdk
    this.#client = client
    this.#bucket = bucket
  }

  async create(key: string, options: Cancellable & Pick<PutOptions, 'contentType' | 'metadata'> = {}): Promise<string> {
    checkKey(key)
    const command = new this.#sdk.CreateMultipartUploadCommand({
      Bucket: this.#bucket,
      Key: key,
      ...(options.contentType !== undefined && { ContentType: options.contentType }),
      ...(options.metadata && { Metadata: { ...options.metadata } }),
    })
    const { UploadId } = await this.#guard('create upload', options, (abort) => this.#client.send(command, abort))
    if (UploadId === undefined) throw new StorageError('malformed-response', 'create upload: no upload id')
    return UploadId
  }

  async putPart(
    key: string,
    uploadId: string,
    number: number,
    body: AsyncIterable<Uint8Array>,
    options: Cancellable & { bytes: number },
  ): Promise<PartInfo> {
    const { bytes, signal } = options
    const input = { ...this.#target(key, uploadId), PartNumber: number, ContentLength: bytes }
    const { ETag } = await this.#guard(`put part ${number}`, options, () =>
      sendExactly(body, bytes, signal, (Body, abortSignal) =>
        this.#client.send(new this.#sdk.UploadPartCommand({ ...input, Body }), { abortSignal }),
      ),
    )
    return { number, etag: (ETag ?? '').replaceAll('"', ''), bytes }
  }

  async listParts(key: string, uploadId: string, options: Cancellable = {}): Promise<PartInfo[]> {
    const parts: PartInfo[] = []
    let marker: string | undefined
    for (let page = 0; page < MAX_PART_PAGES; page++) {
      const command = new this.#sdk.ListPartsCommand({ ...this.#target(key, uploadId), PartNumberMarker: marker })
      const found = await this.#guard('list parts', options, (abort) => this.#client.send(command, abort))
      for (const part of found.Parts ?? [])
        parts.push({
          number: part.PartNumber ?? 0,
          etag: (part.ETag ?? '').replaceAll('"', ''),
          bytes: part.Size ?? 0,
        })
      if (!found.IsTruncated) return parts
      marker = found.NextPartNumberMarker
    }
    throw new StorageError('malformed-response', 'list parts: the listing does not end')
  }

  async complete(
    key: string,
    uploadId: string,
    parts: readonly Pick<PartInfo, 'number' | 'etag'>[],
    options: Cancellable = {},
  ): Promise<ObjectHead> {
    const command = new this.#sdk.CompleteMultipartUploadCommand({
      ...this.#target(key, uploadId),
      MultipartUpload: { Parts: parts.map(({ number, etag }) => ({ PartNumber: number, ETag: `"${etag}"` })) },
    })
    await this.#guard('complete upload', options, (abort) => this.#client.send(command, abort))
    const head = new this.#sdk.HeadObjectCommand({ Bucket: this.#bucket, Key: key })
    const found = await this.#guard('head', options, (abort) => this.#client.send(head, abort))
    return {
      key,
      bytes: found.ContentLength ?? 0,
      // radosgw leaves it out of the answer to the completion.
      etag: (found.ETag ?? '').replaceAll('"', ''),
      lastModifiedMs: found.LastModified?.getTime() ?? 0,
    }
  }

  async abort(key: string, uploadId: string, options: Cancellable = {}): Promise<void> {
    const command = new this.#sdk.AbortMultipartUploadCommand(this.#target(key, uploadId))
    try {
      await this.#guard('abort upload', options, (abort) => this.#client.send(command, abort))
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'upload-missing') throw error
    }
  }

  #target(key: string, uploadId: string) {
    return { Bucket: this.#bucket, Key: key, UploadId: uploadId }
  }

  async #guard<T>(
    doing: string,
    { signal }: Cancellable,
    send: (abort: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted()
    try {
      return await send({ abortSignal: signal ?? new AbortController().signal })
    } catch (error) {
      throw toStorageError(error, doing, signal)
    }
  }
}
