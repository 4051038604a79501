/** Multipart uploads of the folder store: a part is a file, and completing an upload moves no byte. */
import { createHash, randomBytes } from 'node:crypto'
import {
  type Cancellable,
  type MultipartStore,
  type ObjectHead,
  type PartInfo,
  type PutOptions,
  StorageError,
} from '../../core/ports/storage.ts'
import { checkKey } from '../keys.ts'
import { type FolderInternals, replaceRecord } from './folder-index.ts'
import {
  decodePart,
  decodeUpload,
  encodePart,
  encodeUpload,
  headOf,
  indexKeys,
  MAX_PARTS,
  type ObjectRecord,
  type PartRecord,
  type UploadRecord,
} from './records.ts'

/** Uploads begun and neither completed nor aborted; beyond it `create` is refused. */
export const MAX_OPEN_UPLOADS = 1000

export class FolderMultipart implements MultipartStore {
  /** S3's: all parts but the last. */
  readonly minPartBytes = 5 << 20
  readonly #in: FolderInternals

  constructor(internals: FolderInternals) {
    this.#in = internals
  }

  async create(key: string, options: Cancellable & Pick<PutOptions, 'contentType' | 'metadata'> = {}): Promise<string> {
    checkKey(key)
    let open = 0
    for await (const _ of this.#in.index.entries({ gte: 'u/', lt: 'u0', limit: MAX_OPEN_UPLOADS })) open++
    if (open === MAX_OPEN_UPLOADS) throw new StorageError('throttled', `${open} uploads are open; abort some of them`)
    const uploadId = randomBytes(16).toString('hex')
    const record: UploadRecord = {
      key,
      createdMs: this.#in.clock.now(),
      contentType: options.contentType,
      metadata: options.metadata,
    }
    await this.#in.index.batch([{ type: 'put', key: indexKeys.uploadKey(uploadId), value: encodeUpload(record) }], {
      sync: true,
    })
    return uploadId
  }

  async putPart(
    key: string,
    uploadId: string,
    number: number,
    body: AsyncIterable<Uint8Array>,
    { bytes, signal }: Cancellable & { bytes: number },
  ): Promise<PartInfo> {
    if (!Number.isInteger(number) || number < 1 || number > MAX_PARTS)
      throw new StorageError('unsupported', `part numbers are 1–${MAX_PARTS}`)
    await this.#upload(key, uploadId)
    return this.#in.usage.during(bytes, async () => {
      const piece = await this.#in.files.write(body, bytes, signal)
      const part: PartRecord = { file: piece.file, bytes, etag: piece.md5.toString('hex') }
      await this.#in.lock.run(`part ${uploadId}`, async () => {
        const indexKey = indexKeys.partKey(uploadId, number)
        try {
          // Again, under the lock: it may have been completed or aborted while the body came in.
          await this.#upload(key, uploadId)
        } catch (error) {
          await this.#in.files.remove(piece.file)
          throw error
        }
        const previous = await this.#in.index.get(indexKey)
        await this.#in.index.batch([{ type: 'put', key: indexKey, value: encodePart(part) }], { sync: true })
        this.#in.usage.add(bytes)
        if (previous) await this.#drop(decodePart(previous))
      })
      return { number, etag: part.etag, bytes }
    })
  }

  async listParts(key: string, uploadId: string): Promise<PartInfo[]> {
    await this.#upload(key, uploadId)
    return [...(await this.#parts(uploadId))].map(([number, { etag, bytes }]) => ({ number, etag, bytes }))
  }

  async complete(
    key: string,
    uploadId: string,
    chosen: readonly Pick<PartInfo, 'number' | 'etag'>[],
  ): Promise<ObjectHead> {
    return this.#in.lock.run(`part ${uploadId}`, async () => {
      const upload = await this.#upload(key, uploadId)
      const parts = await this.#parts(uploadId)
      const pieces = this.#choose(parts, chosen)
      const md5s = createHash('md5')
      for (const piece of pieces) md5s.update(piece.etag, 'hex')
      const record: ObjectRecord = {
        bytes: pieces.reduce((sum, piece) => sum + piece.bytes, 0),
        etag: `${md5s.digest('hex')}-${pieces.length}`,
        lastModifiedMs: this.#in.clock.now(),
        contentType: upload.contentType,
        metadata: upload.metadata,
        pieces: pieces.map(({ file, bytes }) => ({ file, bytes })),
      }
      await replaceRecord(this.#in, key, record, () => {}, this.#indexKeys(uploadId, parts))
      const kept = new Set(pieces.map((piece) => piece.file))
      for (const part of parts.values()) {
        // The object counts its pieces itself by now.
        if (kept.has(part.file)) this.#in.usage.add(-part.bytes)
        else await this.#drop(part)
      }
      return headOf(key, record)
    })
  }

  async abort(key: string, uploadId: string): Promise<void> {
    await this.#in.lock.run(`part ${uploadId}`, async () => {
      const stored = await this.#in.index.get(indexKeys.uploadKey(uploadId))
      if (!stored || decodeUpload(stored).key !== key) return
      const parts = await this.#parts(uploadId)
      const deletions = this.#indexKeys(uploadId, parts).map((k) => ({ type: 'del' as const, key: k }))
      await this.#in.index.batch(deletions, { sync: true })
      for (const part of parts.values()) await this.#drop(part)
    })
  }

  /** Uploads begun before `timeMs`, for the caller's house-keeping. */
  async openSince(timeMs: number): Promise<{ key: string; uploadId: string }[]> {
    const found: { key: string; uploadId: string }[] = []
    for await (const [indexKey, value] of this.#in.index.entries({ gte: 'u/', lt: 'u0' })) {
      const upload = decodeUpload(value)
      if (upload.createdMs < timeMs) found.push({ key: upload.key, uploadId: indexKey.slice(2) })
    }
    return found
  }

  #choose(parts: ReadonlyMap<number, PartRecord>, chosen: readonly Pick<PartInfo, 'number' | 'etag'>[]): PartRecord[] {
    if (chosen.length === 0) throw new StorageError('part-invalid', 'an object needs at least one part')
    const pieces = chosen.map(({ number, etag }, i) => {
      const part = parts.get(number)
      if (!part || part.etag !== etag || number <= (chosen[i - 1]?.number ?? 0))
        throw new StorageError('part-invalid', `part ${number} is not there, has changed or is out of order`)
      return part
    })
    const small = pieces.slice(0, -1).find((part) => part.bytes < this.minPartBytes)
    if (small)
      throw new StorageError(
        'wrong-length',
        `a part has ${small.bytes} bytes; all but the last need ${this.minPartBytes}`,
      )
    return pieces
  }

  async #upload(key: string, uploadId: string): Promise<UploadRecord> {
    const value = await this.#in.index.get(indexKeys.uploadKey(uploadId))
    const upload = value && decodeUpload(value)
    if (upload?.key !== key) throw new StorageError('upload-missing', 'no such upload; it was completed or aborted')
    return upload
  }

  async #parts(uploadId: string): Promise<Map<number, PartRecord>> {
    const parts = new Map<number, PartRecord>()
    for await (const [indexKey, value] of this.#in.index.entries({ gte: `p/${uploadId}/`, lt: `p/${uploadId}0` }))
      parts.set(Number(indexKey.slice(-5)), decodePart(value))
    return parts
  }

  #indexKeys(uploadId: string, parts: ReadonlyMap<number, PartRecord>): string[] {
    return [indexKeys.uploadKey(uploadId), ...[...parts.keys()].map((number) => indexKeys.partKey(uploadId, number))]
  }

  async #drop(part: PartRecord): Promise<void> {
    this.#in.usage.add(-part.bytes)
    await this.#in.files.remove(part.file)
  }
}
