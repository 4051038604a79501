/**
 * Multipart uploads as uncommitted blocks. Azure has no upload ids: ours carries what completing needs (content type and
 * metadata), and its random part names the blocks. Blocks that were never committed vanish after a week by themselves.
 */
import { randomBytes } from 'node:crypto'
import type { ContainerClient } from '@azure/storage-blob'
import {
  type Cancellable,
  type MultipartStore,
  type ObjectHead,
  type PartInfo,
  type PutOptions,
  StorageError,
} from '../../core/ports/storage.ts'
import { sendExactly } from '../exact-body.ts'
import { toStorageError } from './errors.ts'
import { checkAzureKey } from './keys.ts'

type UploadFacts = Pick<PutOptions, 'contentType' | 'metadata'>

export class AzureMultipart implements MultipartStore {
  readonly minPartBytes = 1
  readonly #container: ContainerClient

  constructor(container: ContainerClient) {
    this.#container = container
  }

  async create(key: string, { contentType, metadata }: Cancellable & UploadFacts = {}): Promise<string> {
    checkAzureKey(key)
    const facts = Buffer.from(JSON.stringify({ contentType, metadata })).toString('base64url')
    return `${randomBytes(8).toString('hex')}.${facts}`
  }

  async putPart(
    key: string,
    uploadId: string,
    number: number,
    body: AsyncIterable<Uint8Array>,
    { bytes, signal }: Cancellable & { bytes: number },
  ): Promise<PartInfo> {
    const { prefix } = parseUploadId(uploadId)
    const etag = blockId(prefix, number)
    try {
      await sendExactly(body, bytes, signal, (stream, abortSignal) =>
        this.#blob(key).stageBlock(etag, () => stream, bytes, { abortSignal }),
      )
    } catch (error) {
      throw toStorageError(error, `put part ${number}`, signal)
    }
    return { number, etag, bytes }
  }

  async listParts(key: string, uploadId: string, { signal }: Cancellable = {}): Promise<PartInfo[]> {
    const { prefix } = parseUploadId(uploadId)
    try {
      const { uncommittedBlocks = [] } = await this.#blob(key).getBlockList(
        'uncommitted',
        signal && { abortSignal: signal },
      )
      return uncommittedBlocks
        .map(({ name, size }) => ({ name, size, plain: Buffer.from(name, 'base64').toString() }))
        .filter(({ plain }) => plain.startsWith(prefix))
        .map(({ name, size, plain }) => ({ number: Number(plain.slice(-5)), etag: name, bytes: Number(size) }))
        .sort((a, b) => a.number - b.number)
    } catch (error) {
      const mapped = toStorageError(error, 'list parts', signal)
      // Azure knows a blob only from its first block on.
      if (mapped instanceof StorageError && mapped.code === 'object-missing') return []
      throw mapped
    }
  }

  async complete(
    key: string,
    uploadId: string,
    parts: readonly Pick<PartInfo, 'number' | 'etag'>[],
    { signal }: Cancellable = {},
  ): Promise<ObjectHead> {
    const { prefix, facts } = parseUploadId(uploadId)
    if (parts.length === 0 || parts.some(({ number, etag }) => etag !== blockId(prefix, number)))
      throw new StorageError('part-invalid', 'a part is not one of this upload')
    const blob = this.#blob(key)
    try {
      await blob.commitBlockList(
        parts.map((part) => part.etag),
        {
          ...(signal && { abortSignal: signal }),
          ...(facts.contentType !== undefined && { blobHTTPHeaders: { blobContentType: facts.contentType } }),
          ...(facts.metadata && { metadata: { ...facts.metadata } }),
        },
      )
      const found = await blob.getProperties(signal && { abortSignal: signal })
      return {
        key,
        bytes: found.contentLength ?? 0,
        etag: (found.etag ?? '').replaceAll('"', ''),
        lastModifiedMs: found.lastModified?.getTime() ?? 0,
      }
    } catch (error) {
      throw toStorageError(error, 'complete upload', signal)
    }
  }

  async abort(_key: string, _uploadId: string, _options?: Cancellable): Promise<void> {}

  #blob(key: string) {
    return this.#container.getBlockBlobClient(key)
  }
}

/** All block ids of a blob must have the same length. */
function blockId(prefix: string, number: number): string {
  return Buffer.from(`${prefix}-${String(number).padStart(5, '0')}`).toString('base64')
}

function parseUploadId(uploadId: string): { prefix: string; facts: UploadFacts } {
  const [, prefix, facts] = /^([0-9a-f]{16})\.([A-Za-z0-9_-]+)$/.exec(uploadId) ?? []
  if (!prefix || !facts) throw new StorageError('upload-missing', 'not an upload id of this driver')
  return { prefix, facts: JSON.parse(Buffer.from(facts, 'base64url').toString()) as UploadFacts }
}
