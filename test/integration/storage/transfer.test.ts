/** Uploads and downloads straight between a consumer and real backends, through real grants, with a countersigned index. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { ObjectTransfer, TransferProgress, UploadSource } from '../../../src/consumer/object-transfer.ts'
import { createObjectTransfer } from '../../../src/consumer/transfer/create-object-transfer.ts'
import { TransferError, type TransferErrorCode } from '../../../src/consumer/transfer/errors.ts'
import { hashObject } from '../../../src/core/manifest/leaf-hasher.ts'
import type { Clock } from '../../../src/core/ports/clock.ts'
import type { HttpClient } from '../../../src/core/ports/http.ts'
import { IndexError } from '../../../src/core/ports/object-index.ts'
import type { StorageDriver } from '../../../src/core/ports/storage.ts'
import { createAzureDriver } from '../../../src/storage/azure/driver.ts'
import { createDiskDriver } from '../../../src/storage/disk/driver.ts'
import { createHttpClient } from '../../../src/storage/http/client.ts'
import { bodyOf, readAll } from '../../../src/storage/keys.ts'
import { createS3Driver } from '../../../src/storage/s3/driver.ts'
import { MapStore } from '../../support/map-store.ts'
import { rng, serveUnit } from '../../support/served-unit.ts'
import { startAzurite } from '../../support/servers/azurite.ts'
import { type OwnS3, startOwnS3, TEST_KEYS } from '../../support/servers/own-s3.ts'

const PART = 1 << 20
const pattern = (bytes: number, seed = 7) => {
  const data = new Uint8Array(bytes)
  for (let i = 0, x = seed; i < bytes; i++) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0
    data[i] = x >>> 24
  }
  return data
}
const sourceOf = (data: Uint8Array): UploadSource => ({
  bytes: data.length,
  async *open({ start, end }) {
    for (let at = start; at <= end; at += 100_000) yield data.subarray(at, Math.min(at + 100_000, end + 1))
  },
})
/** Pauses between attempts end at once. */
const eager: Clock = {
  now: Date.now,
  schedule: (_at, task) => {
    queueMicrotask(task)
    return () => {}
  },
}
type World = Awaited<ReturnType<typeof serveUnit>>

interface Options {
  store?: MapStore
  http?: HttpClient
  partBytes?: number
}

function transferOf(world: World, options: Options = {}): ObjectTransfer {
  return createObjectTransfer(
    {
      clock: eager,
      rng,
      http: options.http ?? createHttpClient({ allowPrivate: true }),
      grants: world.clientOf(world.consumer),
      indexes: world.indexClientOf(world.consumer),
      signer: world.consumer,
      digests: world.digests,
      store: options.store ?? new MapStore(),
      sha256: () => createHash('sha256'),
    },
    { partBytes: options.partBytes ?? PART, concurrency: 3 },
  )
}

async function download(transfer: ObjectTransfer, key: string, signal?: AbortSignal): Promise<Uint8Array> {
  return readAll(transfer.download(1n, key, signal ? { signal } : {}), 1 << 30)
}
const failsWith = (work: Promise<unknown>, code: TransferErrorCode) =>
  assert.rejects(work, (error) => {
    assert.ok(error instanceof TransferError, String(error))
    assert.equal(error.code, code)
    return true
  })
const withCapacity = (world: World, bytes: number) =>
  world.reservations.set(1n, { ...world.reservations.get(1n)!, capacityBytes: BigInt(bytes) })

const BACKENDS: [name: string, start: () => Promise<{ driver: StorageDriver; close(): Promise<void> }>][] = [
  [
    's3',
    async () => {
      const own = await startOwnS3()
      const address = { endpoint: own.server.url, region: 'r', bucket: 'unit', pathStyle: true }
      return { driver: await createS3Driver({ ...address, keys: TEST_KEYS }), close: own.close }
    },
  ],
  [
    'azure-blob',
    async () => {
      const azurite = await startAzurite()
      return { driver: await createAzureDriver(azurite), close: azurite.close }
    },
  ],
]

for (const [name, start] of BACKENDS) {
  describe(`transfers on ${name}`, () => {
    let backend: Awaited<ReturnType<typeof start>>
    let world: World
    before(async () => {
      backend = await start()
      world = await serveUnit(backend.driver)
      withCapacity(world, 1 << 28)
    })
    after(async () => {
      await backend.driver.close()
      await backend.close()
    })

    it('default', async () => {
      // Parts that are downloaded in several pieces, over connections that are kept.
      const http = createHttpClient({ allowPrivate: true, keepConnections: 4 })
      const transfer = transferOf(world, { partBytes: 9 * PART, http })
      const data = pattern(19 * PART + 12_345)
      const stored = await transfer.upload(1n, 'dir/file ä', sourceOf(data))
      assert.deepEqual(stored, { key: 'dir/file ä', bytes: data.length, root: hashObject(data).root })
      assert.ok(Buffer.compare(await download(transfer, 'dir/file ä'), data) === 0)
      assert.deepEqual(await transfer.list(1n), [stored])
      http.close()
    })

    it('behavior: sizes around leaves and parts, and nothing at all', async () => {
      const transfer = transferOf(world)
      for (const bytes of [0, 1, 65_536, 65_537, PART - 1, PART, PART + 1]) {
        const data = pattern(bytes, bytes)
        await transfer.upload(1n, `size-${bytes}`, sourceOf(data))
        assert.ok(Buffer.compare(await download(transfer, `size-${bytes}`), data) === 0, `${bytes} bytes`)
      }
    })
  })
}

describe('createObjectTransfer', () => {
  let own: OwnS3
  let world: World
  before(async () => {
    own = await startOwnS3()
    const address = { endpoint: own.server.url, region: 'r', bucket: 'unit', pathStyle: true }
    world = await serveUnit(createDiskDriver({ store: own.store, address, keys: TEST_KEYS }))
    withCapacity(world, 1 << 28)
  })
  after(() => own.close())
  const stored = async () => (await own.store.list({ prefix: 'r/1/' })).objects

  it('default', async () => {
    const transfer = transferOf(world)
    const progress: TransferProgress[] = []
    await transfer.upload(1n, 'file', sourceOf(pattern(3 * PART)), { onProgress: (p) => progress.push(p) })
    assert.deepEqual(progress.at(0), { key: 'file', transferredBytes: 0, totalBytes: 3 * PART })
    assert.deepEqual(progress.at(-1), { key: 'file', transferredBytes: 3 * PART, totalBytes: 3 * PART })
    assert.equal((await download(transfer, 'file')).length, 3 * PART)
  })

  it('behavior: replacing and deleting leave nothing behind, and other consumers of the key see it', async () => {
    const transfer = transferOf(world)
    await transfer.upload(1n, 'file', sourceOf(pattern(2 * PART, 2)))
    await transfer.upload(1n, 'file', sourceOf(pattern(100, 3)))
    const elsewhere = transferOf(world)
    assert.deepEqual(await download(elsewhere, 'file'), pattern(100, 3))
    await elsewhere.upload(1n, 'b/1', sourceOf(pattern(10)))
    await elsewhere.upload(1n, 'b/2', sourceOf(pattern(10)))
    assert.deepEqual(
      (await transfer.list(1n, { prefix: 'b/' })).map((object) => object.key),
      ['b/1', 'b/2'],
    )
    for (const { key } of await transfer.list(1n)) await transfer.delete(1n, key)
    assert.deepEqual(await transfer.list(1n), [])
    assert.deepEqual(await stored(), [])
    await failsWith(download(transfer, 'file'), 'object-missing')
  })

  it('behavior: concurrent uploads to one reservation all end in the index', async () => {
    const [a, b] = [transferOf(world), transferOf(world)]
    const keys = Array.from({ length: 8 }, (_, i) => `many/${i}`)
    await Promise.all(keys.map((key, i) => (i % 2 ? a : b).upload(1n, key, sourceOf(pattern(1000, i)))))
    assert.deepEqual(
      (await a.list(1n, { prefix: 'many/' })).map((object) => object.key),
      keys,
    )
  })

  it('behavior: an upload that was cut goes on where it ended, with another process’s transfer', async () => {
    const data = pattern(8 * PART, 5)
    const store = new MapStore()
    const controller = new AbortController()
    const reason = new Error('killed')
    const killed = transferOf(world, { store }).upload(1n, 'resumed', sourceOf(data), {
      signal: controller.signal,
      onProgress: ({ transferredBytes }) => transferredBytes >= 4 * PART && controller.abort(reason),
    })
    await assert.rejects(killed, reason)
    let first: number | undefined
    const transfer = transferOf(world, { store })
    await transfer.upload(1n, 'resumed', sourceOf(data), {
      onProgress: ({ transferredBytes }) => {
        first ??= transferredBytes
      },
    })
    assert.ok(first !== undefined && first >= 4 * PART, `began at ${first}`)
    assert.ok(Buffer.compare(await download(transfer, 'resumed'), data) === 0)
  })

  it('behavior: a source that changed since is sent anew', async () => {
    const store = new MapStore()
    const controller = new AbortController()
    const killed = transferOf(world, { store }).upload(1n, 'changed', sourceOf(pattern(4 * PART, 1)), {
      signal: controller.signal,
      onProgress: ({ transferredBytes }) => transferredBytes >= 2 * PART && controller.abort(new Error('killed')),
    })
    await assert.rejects(killed)
    const transfer = transferOf(world, { store })
    await transfer.upload(1n, 'changed', sourceOf(pattern(4 * PART, 2)))
    assert.ok(Buffer.compare(await download(transfer, 'changed'), pattern(4 * PART, 2)) === 0)
  })

  /** A client whose requests may be answered by the test instead of the backend. */
  const meddling = (meddle: (url: string, count: number) => string | undefined): HttpClient => {
    const http = createHttpClient({ allowPrivate: true })
    let count = 0
    return { request: (request) => http.request({ ...request, url: meddle(request.url, ++count) ?? request.url }) }
  }

  it('behavior: what may be different the next time is tried again', async () => {
    // Every third request goes to a port where nobody listens; every fifth has a signature that is over.
    const http = meddling((url, count) => {
      if (count % 3 === 0) return url.replace(/:\d+\//, ':1/')
      return count % 5 === 0
        ? url.replace(/(X-Amz-Signature=)(.)/, (_, name, digit) => name + (digit === '0' ? '1' : '0'))
        : undefined
    })
    const transfer = transferOf(world, { http })
    const data = pattern(6 * PART, 9)
    await transfer.upload(1n, 'stubborn', sourceOf(data))
    assert.ok(Buffer.compare(await download(transfer, 'stubborn'), data) === 0)
  })

  it('error: a backend that is gone for good', async () => {
    const transfer = transferOf(world, { http: meddling((url) => url.replace(/:\d+\//, ':1/')) })
    await failsWith(transfer.upload(1n, 'nowhere', sourceOf(pattern(10))), 'exhausted')
  })

  it('error: a flipped byte, a short part, leaf hashes of another object', async () => {
    const transfer = transferOf(world)
    const data = pattern(2 * PART, 4)
    const before = new Set((await stored()).map((object) => object.key))
    await transfer.upload(1n, 'damaged', sourceOf(data))
    const fresh = (await stored()).map((object) => object.key).filter((key) => !before.has(key))
    const [part, leaves] = [fresh.find((key) => key.endsWith('/1')), fresh.find((key) => key.includes('/m/'))]
    assert.ok(part && leaves)
    const replace = async (key: string, change: (data: Uint8Array) => Uint8Array) => {
      const { body, head } = await own.store.get(key)
      const was = await readAll(body, head.bytes)
      const changed = change(was.slice())
      await own.store.put(key, bodyOf(changed), { bytes: changed.length })
      return () => own.store.put(key, bodyOf(was), { bytes: was.length })
    }
    const flip = (bytes: Uint8Array) => {
      bytes[500]! ^= 1
      return bytes
    }
    for (const [key, change] of [
      [part, flip],
      [part, (bytes: Uint8Array) => bytes.subarray(1)],
      [leaves, flip],
    ] as const) {
      const restore = await replace(key, change)
      await failsWith(download(transfer, 'damaged'), 'integrity')
      await restore()
    }
    assert.ok(Buffer.compare(await download(transfer, 'damaged'), data) === 0)
  })

  it('error: a provider that forgets what it countersigned', async () => {
    const store = new MapStore()
    const transfer = transferOf(world, { store })
    await transfer.list(1n)
    const earlier = (await world.store.get('provider/index/1'))!
    await transfer.upload(1n, 'newest', sourceOf(pattern(10)))
    await world.store.batch([{ type: 'put', key: 'provider/index/1', value: earlier }])
    await failsWith(transfer.list(1n), 'index-rolled-back')
    await world.store.batch([{ type: 'del', key: 'provider/index/1' }])
    await failsWith(transfer.list(1n), 'index-rolled-back')
    await world.store.batch([{ type: 'put', key: 'provider/index/1', value: (await store.get('consumer/index/1'))! }])
    assert.ok((await transfer.list(1n)).some((object) => object.key === 'newest'))
  })

  it('error: the provider does not countersign what is not stored', async () => {
    const { entries, seq } = (await world.indexClientOf(world.consumer).latest(1n, new AbortController().signal))!
    const ghost = { key: 'ghost', bytes: 10, root: new Uint8Array(32), location: new Uint8Array(16), partBytes: PART }
    const { applyChange, objectIndexDigest } = await import('../../../src/core/manifest/object-index.ts')
    const change = { reservationId: 1n, baseSeq: seq, puts: [ghost], deletes: [] }
    const digest = objectIndexDigest(world.digests, applyChange({ reservationId: 1n, seq, entries }, change))
    const refusedWith = (code: string) => (error: unknown) => error instanceof IndexError && error.code === code
    const commit = async (who: typeof world.consumer, signer = who) =>
      world
        .indexClientOf(who)
        .commit(change, { digest, consumerSignature: await signer.signDigest(digest) }, new AbortController().signal)
    await assert.rejects(commit(world.consumer), refusedWith('object-missing'))
    await assert.rejects(commit(world.stranger), refusedWith('not-the-consumer'))
    await assert.rejects(commit(world.consumer, world.stranger), refusedWith('bad-signature'))
    assert.equal(await world.indexClientOf(world.stranger).latest(1n, new AbortController().signal), undefined)
  })

  it('behavior: an abort ends a download with its reason', async () => {
    const transfer = transferOf(world)
    await transfer.upload(1n, 'aborted', sourceOf(pattern(6 * PART)))
    const controller = new AbortController()
    const reason = new Error('enough')
    const reading = (async () => {
      for await (const _ of transfer.download(1n, 'aborted', { signal: controller.signal })) controller.abort(reason)
    })()
    await assert.rejects(reading, reason)
  })

  it('behavior: a quota that is used up stops an upload before its bytes', async () => {
    withCapacity(world, 100)
    const transfer = transferOf(world)
    await assert.rejects(transfer.upload(1n, 'too-much', sourceOf(pattern(1000))), { code: 'quota-exceeded' })
    withCapacity(world, 1 << 28)
  })
})
