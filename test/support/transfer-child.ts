/**
 * A consumer in a process of its own that uploads a large object and reads it back; its parent may kill it at any moment.
 * Arguments: endpoint, folder of its store, bytes. Tells its parent the progress and, at the end, what it measured.
 */
import { createHash } from 'node:crypto'
import { createObjectTransfer } from '../../src/consumer/transfer/create-object-transfer.ts'
import { createHttpClient } from '../../src/storage/http/client.ts'
import { openLevelStore } from '../../src/storage/level-store.ts'
import { createS3Driver } from '../../src/storage/s3/driver.ts'
import { rng, serveUnit } from './served-unit.ts'
import { TEST_KEYS } from './servers/own-s3.ts'

export type ChildMessage =
  | { type: 'progress'; transferredBytes: number }
  | { type: 'done'; same: boolean; uploadGrowthBytes: number; downloadGrowthBytes: number }

const BLOCK = 65_536
const [, , endpoint = '', folder = '', size = '0'] = process.argv
const bytes = Number(size)
const tell = (message: ChildMessage) => process.send?.(message)

/** Block n of the object: anyone can make it again, and no two are alike. */
function block(n: number, into: Buffer): Buffer {
  const seed = createHash('sha256').update(`block ${n}`).digest()
  for (let at = 0; at < BLOCK; at += 32) seed.copy(into, at)
  return into
}

async function* blocks(start: number, end: number): AsyncGenerator<Uint8Array> {
  for (let at = start; at <= end; at += BLOCK) yield block(at / BLOCK, Buffer.alloc(BLOCK)).subarray(0, end + 1 - at)
}

const driver = await createS3Driver({ endpoint, region: 'r', bucket: 'unit', pathStyle: true, keys: TEST_KEYS })
// The provider's records survive as the consumer's do; their keys differ.
const store = await openLevelStore(folder)
const world = await serveUnit(driver, { store })
world.reservations.set(1n, { ...world.reservations.get(1n)!, capacityBytes: 1n << 40n })
const transfer = createObjectTransfer({
  clock: { now: Date.now, schedule: world.clock.schedule },
  rng,
  http: createHttpClient({ allowPrivate: true, keepConnections: 8 }),
  grants: world.clientOf(world.consumer),
  indexes: world.indexClientOf(world.consumer),
  signer: world.consumer,
  digests: world.digests,
  store,
  sha256: () => createHash('sha256'),
})

// What a first transfer loads and compiles is not what a large one needs more than a small one.
const warm = 16 << 20
await transfer.upload(1n, 'warm', { bytes: warm, open: ({ start, end }) => blocks(start, end) })
for await (const chunk of transfer.download(1n, 'warm')) createHash('sha256').update(chunk)

const before = process.memoryUsage().rss
let peak = before
const sample = () => {
  peak = Math.max(peak, process.memoryUsage().rss)
}
await transfer.upload(
  1n,
  'large',
  { bytes, open: ({ start, end }) => blocks(start, end) },
  {
    onProgress: ({ transferredBytes }) => {
      sample()
      tell({ type: 'progress', transferredBytes })
    },
  },
)
const uploadGrowthBytes = peak - before
peak = before
const expected = createHash('sha256')
const scratch = Buffer.alloc(BLOCK)
for (let n = 0; n * BLOCK < bytes; n++) expected.update(block(n, scratch).subarray(0, bytes - n * BLOCK))
const got = createHash('sha256')
for await (const chunk of transfer.download(1n, 'large')) {
  sample()
  got.update(chunk)
}
tell({
  type: 'done',
  same: got.digest('hex') === expected.digest('hex'),
  uploadGrowthBytes,
  downloadGrowthBytes: peak - before,
})
await store.close()
await driver.close()
process.disconnect()
