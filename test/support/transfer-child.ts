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
  | { type: 'done'; same: boolean; upload: Growth; download: Growth }

/** Growth over what the process had before the transfer, at its highest. */
export interface Growth {
  /** What is still in use after a collection: the transfer's own need. */
  liveBytes: number
  /** With the garbage that the collector had not come round to: depends on how busy the machine is. */
  residentBytes: number
}

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

/** A collection every so many bytes: often enough to see what piles up, rarely enough not to be what is measured. */
const COLLECT_EVERY = 16 << 20

function measureGrowth() {
  const live = () => {
    // Buffers are swept beside the program; the second collection waits for the first one's sweep.
    globalThis.gc?.()
    globalThis.gc?.()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  const before = { live: live(), resident: process.memoryUsage.rss() }
  const growth: Growth = { liveBytes: 0, residentBytes: 0 }
  let collectAt = COLLECT_EVERY
  const sample = (transferredBytes: number) => {
    growth.residentBytes = Math.max(growth.residentBytes, process.memoryUsage.rss() - before.resident)
    if (transferredBytes < collectAt) return
    collectAt = transferredBytes + COLLECT_EVERY
    growth.liveBytes = Math.max(growth.liveBytes, live() - before.live)
  }
  return { growth, sample }
}

const uploading = measureGrowth()
await transfer.upload(
  1n,
  'large',
  { bytes, open: ({ start, end }) => blocks(start, end) },
  {
    onProgress: ({ transferredBytes }) => {
      uploading.sample(transferredBytes)
      tell({ type: 'progress', transferredBytes })
    },
  },
)
const downloading = measureGrowth()
const expected = createHash('sha256')
const scratch = Buffer.alloc(BLOCK)
for (let n = 0; n * BLOCK < bytes; n++) expected.update(block(n, scratch).subarray(0, bytes - n * BLOCK))
const got = createHash('sha256')
let received = 0
for await (const chunk of transfer.download(1n, 'large')) {
  received += chunk.length
  downloading.sample(received)
  got.update(chunk)
}
tell({
  type: 'done',
  same: got.digest('hex') === expected.digest('hex'),
  upload: uploading.growth,
  download: downloading.growth,
})
await store.close()
await driver.close()
process.disconnect()
