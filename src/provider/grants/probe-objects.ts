/** Probe objects: random data that a provider puts into its own unit, so that oracles have something to read from the start. */

import { PROBE_READ_PREFIX } from '../../core/grants/grant.ts'
import type { UnitId } from '../../core/ids.ts'
import { LeafHasher } from '../../core/manifest/leaf-hasher.ts'
import type { ListedObject, ObjectList } from '../../core/manifest/object-list.ts'
import type { CreateSha256 } from '../../core/manifest/sha256.ts'
import type { Rng } from '../../core/ports/rng.ts'
import type { StorageDriver } from '../../core/ports/storage.ts'

export interface SeedOptions {
  unitId: UnitId
  /** Greater than that of any list of the unit before; Unix milliseconds do. */
  seq: bigint
  /** @default 4 */
  count?: number
  /** Size of each. @default 1 MiB: 16 leaves, and a whole read tells a throughput */
  bytes?: number
  /** @default JavaScript's; node:crypto's is faster */
  sha256?: CreateSha256
  signal?: AbortSignal
}

/** Random data is made and hashed in pieces of this size, so that memory does not grow with the objects. */
const PIECE_BYTES = 65_536

/** Writes the objects and returns the list, still to be signed. Objects of earlier lists stay: they may be in use. */
export async function seedProbeObjects(driver: StorageDriver, rng: Rng, options: SeedOptions): Promise<ObjectList> {
  const { unitId, seq, count = 4, bytes = 1 << 20, signal } = options
  const objects: ListedObject[] = []
  for (let i = 0; i < count; i++) {
    const key = `${PROBE_READ_PREFIX}${seq}/${String(i).padStart(4, '0')}`
    const hasher = new LeafHasher(options.sha256)
    await driver.put(key, randomBody(rng, bytes, hasher), { bytes, ...(signal && { signal }) })
    objects.push({ key, ...hasher.finish() })
  }
  return { unitId, seq, objects }
}

/** Deletes probe objects that the list does not name: those of earlier lists, once nobody uses them any more. */
export async function dropOldProbeObjects(
  driver: StorageDriver,
  current: ObjectList,
  signal?: AbortSignal,
): Promise<number> {
  const kept = new Set(current.objects.map((object) => object.key))
  const options = signal ? { signal } : {}
  let dropped = 0
  for (let after: string | undefined; ; ) {
    const page = await driver.list({ prefix: PROBE_READ_PREFIX, ...(after !== undefined && { after }), ...options })
    for (const { key } of page.objects) {
      if (kept.has(key)) continue
      await driver.delete(key, options)
      dropped++
    }
    after = page.objects.at(-1)?.key
    if (!page.truncated) return dropped
  }
}

async function* randomBody(rng: Rng, bytes: number, hasher: LeafHasher): AsyncGenerator<Uint8Array> {
  for (let left = bytes; left > 0; left -= PIECE_BYTES) {
    const piece = rng.bytes(Math.min(left, PIECE_BYTES))
    hasher.update(piece)
    yield piece
  }
}
