/**
 * The files of the folder store. Names are random and never derived from a key, so no key can lead out of the folder;
 * a file appears under its final name only when its bytes are on the disk.
 */
import { createHash, randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir, rename, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type ByteRange, StorageError } from '../../core/ports/storage.ts'
import { heldBody } from '../held-body.ts'
import { checkLength } from '../keys.ts'
import type { Piece } from './records.ts'

/** One read from a file: large enough that system calls do not count, small enough for many streams at once. */
const READ_BYTES = 262_144

export interface WrittenPiece extends Piece {
  md5: Buffer
}

export class PieceFiles {
  readonly #data: string
  readonly #temporary: string
  /** Readers of a file that must outlive its deletion; the last one removes it. */
  readonly #readers = new Map<string, number>()
  readonly #doomed = new Set<string>()

  private constructor(folder: string) {
    this.#data = join(folder, 'data')
    this.#temporary = join(folder, 'tmp')
  }

  /** Creates what is missing, drops unfinished files and those that `isReferenced` does not know. */
  static async open(folder: string, isReferenced: (file: string) => boolean): Promise<PieceFiles> {
    const files = new PieceFiles(folder)
    await rm(files.#temporary, { recursive: true, force: true })
    await mkdir(files.#temporary, { recursive: true })
    for (const path of [folder, files.#temporary]) await refuseSymlink(path)
    const shards = Array.from({ length: 256 }, (_, shard) => join(files.#data, shard.toString(16).padStart(2, '0')))
    await Promise.all(shards.map((path) => sweepShard(path, isReferenced)))
    return files
  }

  /** Writes a body of exactly `bytes`, synced; a body that throws or has another length leaves nothing behind. */
  async write(body: AsyncIterable<Uint8Array>, bytes: number, signal?: AbortSignal): Promise<WrittenPiece> {
    const file = randomBytes(16).toString('hex')
    const path = join(this.#temporary, file)
    try {
      const md5 = await writeSynced(path, body, bytes, signal)
      await rename(path, this.#path(file))
      await syncFolder(join(this.#data, file.slice(0, 2)))
      return { file, bytes, md5 }
    } catch (error) {
      await unlink(path).catch(() => {})
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC')
        throw new StorageError('quota-exceeded', 'the disk is full', { cause: error })
      throw error
    }
  }

  /** The bytes of the pieces, or of a range over their concatenation. Holds the files until it is done or returned. */
  read(pieces: readonly Piece[], range: ByteRange | undefined, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    for (const { file } of pieces) this.#readers.set(file, (this.#readers.get(file) ?? 0) + 1)
    return heldBody(this.#stream(pieces, range, signal), () => {
      for (const { file } of pieces) this.#release(file)
    })
  }

  async remove(file: string): Promise<void> {
    if (this.#readers.has(file)) {
      this.#doomed.add(file)
      return
    }
    await unlink(this.#path(file)).catch(ignoreMissing)
  }

  async *#stream(pieces: readonly Piece[], range: ByteRange | undefined, signal?: AbortSignal) {
    let offset = 0
    for (const { file, bytes } of pieces) {
      const start = Math.max(0, (range?.start ?? 0) - offset)
      const end = Math.min(bytes, (range ? range.end + 1 : Number.POSITIVE_INFINITY) - offset)
      offset += bytes
      if (start < end) yield* readFile(this.#path(file), start, end, signal)
    }
  }

  #release(file: string): void {
    const left = (this.#readers.get(file) ?? 1) - 1
    if (left > 0) {
      this.#readers.set(file, left)
      return
    }
    this.#readers.delete(file)
    if (this.#doomed.delete(file)) unlink(this.#path(file)).catch(() => {})
  }

  #path(file: string): string {
    return join(this.#data, file.slice(0, 2), file)
  }
}

async function writeSynced(path: string, body: AsyncIterable<Uint8Array>, bytes: number, signal?: AbortSignal) {
  const md5 = createHash('md5')
  const handle = await open(path, 'wx', 0o600)
  try {
    let written = 0
    for await (const chunk of body) {
      signal?.throwIfAborted()
      if (written + chunk.length > bytes) checkLength(bytes, written + chunk.length)
      md5.update(chunk)
      await handle.writeFile(chunk)
      written += chunk.length
    }
    checkLength(bytes, written)
    await handle.sync()
  } finally {
    await handle.close()
  }
  return md5.digest()
}

async function* readFile(path: string, start: number, end: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    for (let at = start; at < end; ) {
      signal?.throwIfAborted()
      const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, end - at))
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at)
      if (bytesRead === 0) throw new StorageError('backend-failed', 'a stored file is shorter than its record says')
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function sweepShard(path: string, isReferenced: (file: string) => boolean): Promise<void> {
  await mkdir(path, { recursive: true })
  await refuseSymlink(path)
  for (const name of await readdir(path)) if (!isReferenced(name)) await unlink(join(path, name))
}

async function refuseSymlink(path: string): Promise<void> {
  if (!(await lstat(path)).isDirectory())
    throw new StorageError('invalid-config', `${path} is not a folder of its own; symbolic links are refused`)
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
