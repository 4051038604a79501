/** `KeyValueStore` on LevelDB: one folder, one process, values as bytes. */
import { Level } from 'level'
import { LightmeshError } from '../core/errors.ts'
import type { KeyValueStore, StoreOperation, StoreRange } from '../core/ports/key-value-store.ts'

export type StoreErrorCode = 'store-locked' | 'store-corrupt' | 'store-closed' | 'store-io'

export class StoreError extends LightmeshError<StoreErrorCode> {
  override readonly name = 'StoreError'
}

export interface LevelStore extends KeyValueStore {
  /** Waits for running operations; a second call does nothing. */
  close(): Promise<void>
}

/**
 * Opens (or creates) the store in `folder`.
 * @throws {StoreError} `store-locked` when another process has it open, `store-corrupt` when its files are damaged.
 */
export async function openLevelStore(folder: string): Promise<LevelStore> {
  const db = new Level<string, Uint8Array>(folder, { keyEncoding: 'utf8', valueEncoding: 'view' })
  try {
    await db.open()
  } catch (error) {
    throw toStoreError(error, folder)
  }
  const guard = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      throw toStoreError(error, folder)
    }
  }
  return {
    get: (key) => guard(db.get(key)),
    // A copy: the caller's array may change while LevelDB still reads it.
    batch: (operations: StoreOperation[], options) =>
      guard(db.batch(operations.slice(), { sync: options?.sync ?? false })),
    entries: (range) => iterate(db, range, folder),
    close: () => guard(db.close()),
  }
}

async function* iterate(
  db: Level<string, Uint8Array>,
  range: StoreRange,
  folder: string,
): AsyncGenerator<[string, Uint8Array]> {
  try {
    yield* db.iterator({
      ...(range.gte !== undefined && { gte: range.gte }),
      ...(range.lt !== undefined && { lt: range.lt }),
      reverse: range.reverse ?? false,
      limit: range.limit ?? -1,
    })
  } catch (error) {
    throw toStoreError(error, folder)
  }
}

/** abstract-level's codes are stable API; what is not listed is an I/O failure of the disk below. */
function toStoreError(error: unknown, folder: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  const codes = [error, error.cause].map((e) => (e as { code?: unknown } | undefined)?.code)
  if (codes.includes('LEVEL_LOCKED'))
    return new StoreError('store-locked', `${folder} is in use by another process; stop it first`, { cause: error })
  if (codes.includes('LEVEL_CORRUPTION'))
    return new StoreError('store-corrupt', `${folder} is damaged; move it away and let the node sync again`, {
      cause: error,
    })
  // A failed open carries NOT_OPEN too, with the disk's own error as its cause.
  if (
    (error.cause === undefined && codes.includes('LEVEL_DATABASE_NOT_OPEN')) ||
    codes.includes('LEVEL_ITERATOR_NOT_OPEN')
  )
    return new StoreError('store-closed', `${folder} is closed`, { cause: error })
  return new StoreError('store-io', `${folder}: ${error.message}; check the disk`, { cause: error })
}
