/**
 * An object store in a folder: files under random names, an index in LevelDB. A put becomes visible by one synced write
 * to the index and not before, so a reader or a crash sees the old object or the new one, whole.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../core/ports/clock.ts'
import {
  type Cancellable,
  type GetOptions,
  type ListOptions,
  type ListPage,
  type ObjectBody,
  type ObjectHead,
  type ObjectStore,
  type PutOptions,
  StorageError,
} from '../../core/ports/storage.ts'
import { checkKey } from '../keys.ts'
import { type LevelStore, openLevelStore } from '../level-store.ts'
import { type FolderInternals, findRecord, replaceRecord } from './folder-index.ts'
import { FolderMultipart } from './folder-multipart.ts'
import { KeyedLock } from './keyed-lock.ts'
import { PieceFiles } from './piece-files.ts'
import { decodeObject, decodePart, headOf, indexKeys, type ObjectRecord } from './records.ts'
import { Usage } from './usage.ts'

export const MAX_LIST_LIMIT = 1000

export interface FolderStoreOptions {
  folder: string
  clock: Pick<Clock, 'now'>
  /** Bytes of all objects and parts together; a put beyond it is refused. */
  maxBytes?: number
}

export interface FolderStore extends ObjectStore {
  readonly multipart: FolderMultipart
  /** Bytes of all objects and parts, those being written included. */
  readonly usedBytes: number
  close(): Promise<void>
}

export async function openFolderStore(options: FolderStoreOptions): Promise<FolderStore> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 })
  const index = await openLevelStore(join(options.folder, 'index'))
  try {
    const usage = new Usage(options.maxBytes)
    const referenced = await referencedFiles(index, usage)
    const files = await PieceFiles.open(options.folder, (file) => referenced.has(file))
    return new IndexedFolderStore({ index, files, lock: new KeyedLock(), usage, clock: options.clock })
  } catch (error) {
    await index.close()
    throw error
  }
}

async function referencedFiles(index: LevelStore, usage: Usage): Promise<Set<string>> {
  const files = new Set<string>()
  for await (const [, value] of index.entries({ gte: 'o/', lt: 'o0' })) {
    for (const piece of decodeObject(value).pieces) {
      files.add(piece.file)
      usage.add(piece.bytes)
    }
  }
  for await (const [, value] of index.entries({ gte: 'p/', lt: 'p0' })) {
    const part = decodePart(value)
    files.add(part.file)
    usage.add(part.bytes)
  }
  return files
}

class IndexedFolderStore implements FolderStore {
  readonly multipart: FolderMultipart
  readonly #in: FolderInternals

  constructor(internals: FolderInternals) {
    this.#in = internals
    this.multipart = new FolderMultipart(internals)
  }

  get usedBytes(): number {
    return this.#in.usage.bytes
  }

  async put(key: string, body: AsyncIterable<Uint8Array>, options: PutOptions): Promise<ObjectHead> {
    checkKey(key)
    // Asked before the body is read, and again when it is committed: the first answer only saves the transfer.
    checkConditions(await findRecord(this.#in.index, key), options)
    return this.#in.usage.during(options.bytes, async () => {
      const piece = await this.#in.files.write(body, options.bytes, options.signal)
      const record: ObjectRecord = {
        bytes: piece.bytes,
        etag: piece.md5.toString('hex'),
        lastModifiedMs: this.#in.clock.now(),
        contentType: options.contentType,
        metadata: options.metadata,
        pieces: [{ file: piece.file, bytes: piece.bytes }],
      }
      try {
        await replaceRecord(this.#in, key, record, (current) => checkConditions(current, options))
      } catch (error) {
        await this.#in.files.remove(piece.file)
        throw error
      }
      return headOf(key, record)
    })
  }

  async get(key: string, options: GetOptions = {}): Promise<ObjectBody> {
    // Under the lock, so that the files are held before a replacing put may remove them.
    return this.#in.lock.run(key, async () => {
      const record = await getRecord(this.#in.index, key)
      if (options.ifMatch !== undefined && options.ifMatch !== record.etag) throw changed(key)
      const range = options.range && cutRange(options.range, record.bytes)
      return { head: headOf(key, record), range, body: this.#in.files.read(record.pieces, range, options.signal) }
    })
  }

  async head(key: string): Promise<ObjectHead> {
    return headOf(key, await getRecord(this.#in.index, key))
  }

  async list({ prefix = '', after, limit = MAX_LIST_LIMIT, signal }: ListOptions = {}): Promise<ListPage> {
    const objects: ObjectHead[] = []
    // The smallest key beyond `after` is `after` with a NUL byte behind it.
    const from =
      after !== undefined && Buffer.compare(Buffer.from(after), Buffer.from(prefix)) >= 0 ? `${after}\0` : prefix
    for await (const [indexKey, value] of this.#in.index.entries({ gte: indexKeys.objectKey(from), lt: 'o0' })) {
      signal?.throwIfAborted()
      const key = indexKey.slice(2)
      if (!key.startsWith(prefix)) break
      if (objects.length === limit) return { objects, truncated: true }
      objects.push(headOf(key, decodeObject(value)))
    }
    return { objects, truncated: false }
  }

  async delete(key: string, _options?: Cancellable): Promise<void> {
    await replaceRecord(this.#in, key, undefined, () => {})
  }

  async close(): Promise<void> {
    await this.#in.index.close()
  }
}

async function getRecord(index: LevelStore, key: string): Promise<ObjectRecord> {
  const record = await findRecord(index, key)
  if (!record) throw new StorageError('object-missing', `no object ${JSON.stringify(key)}`)
  return record
}

function checkConditions(current: ObjectRecord | undefined, { ifAbsent, ifMatch }: PutOptions): void {
  if (ifAbsent && current) throw new StorageError('precondition-failed', 'the object exists already')
  if (ifMatch !== undefined && current?.etag !== ifMatch)
    throw new StorageError('precondition-failed', 'the object has changed or is gone')
}

function changed(key: string): StorageError {
  return new StorageError('precondition-failed', `${JSON.stringify(key)} has changed`)
}

/** @throws {StorageError} `range-invalid` when nothing of the range lies inside the object. */
export function cutRange({ start, end }: { start: number; end: number }, bytes: number) {
  if (start < 0 || start > end || start >= bytes)
    throw new StorageError('range-invalid', `bytes ${start}–${end} of an object of ${bytes}`)
  return { start, end: Math.min(end, bytes - 1) }
}
