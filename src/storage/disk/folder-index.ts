/** The index of the folder store: which object consists of which files. One synced write is the moment of a change. */
import type { Clock } from '../../core/ports/clock.ts'
import type { LevelStore } from '../level-store.ts'
import type { KeyedLock } from './keyed-lock.ts'
import type { PieceFiles } from './piece-files.ts'
import { decodeObject, encodeObject, indexKeys, type ObjectRecord } from './records.ts'
import type { Usage } from './usage.ts'

/** Parts shared by objects and multipart uploads. */
export interface FolderInternals {
  index: LevelStore
  files: PieceFiles
  lock: KeyedLock
  usage: Usage
  clock: Pick<Clock, 'now'>
}

export async function findRecord(index: LevelStore, key: string): Promise<ObjectRecord | undefined> {
  const value = await index.get(indexKeys.objectKey(key))
  return value && decodeObject(value)
}

/** Puts or removes the record of a key and drops the files of what was there; the files of `record` stay. */
export async function replaceRecord(
  { index, files, lock, usage }: FolderInternals,
  key: string,
  record: ObjectRecord | undefined,
  check: (current: ObjectRecord | undefined) => void,
  alsoDelete: readonly string[] = [],
): Promise<void> {
  await lock.run(key, async () => {
    const current = await findRecord(index, key)
    check(current)
    if (!record && !current) return
    const indexKey = indexKeys.objectKey(key)
    await index.batch(
      [
        record ? { type: 'put', key: indexKey, value: encodeObject(record) } : { type: 'del', key: indexKey },
        ...alsoDelete.map((extra) => ({ type: 'del' as const, key: extra })),
      ],
      { sync: true },
    )
    for (const piece of record?.pieces ?? []) usage.add(piece.bytes)
    for (const piece of current?.pieces ?? []) {
      usage.add(-piece.bytes)
      await files.remove(piece.file)
    }
  })
}
