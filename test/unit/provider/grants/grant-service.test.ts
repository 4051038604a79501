/** The grant service on a real disk unit: who gets what, and the exact refusal of everyone else. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { encodeCanonical } from '../../../../src/core/canonical-cbor.ts'
import { epochAt } from '../../../../src/core/epoch-clock.ts'
import {
  GrantError,
  type GrantRequest,
  PROBE_WRITE_BYTES,
  probeWriteKey,
  reservationSubject,
} from '../../../../src/core/grants/grant.ts'
import { signGrantRequest } from '../../../../src/core/grants/grant-codec.ts'
import type { Hex } from '../../../../src/core/ids.ts'
import { createDiskDriver } from '../../../../src/storage/disk/driver.ts'
import { bodyOf } from '../../../../src/storage/keys.ts'
import { plainRequest } from '../../../support/http.ts'
import { serveUnit } from '../../../support/served-unit.ts'
import { type OwnS3, startOwnS3, TEST_KEYS } from '../../../support/servers/own-s3.ts'

const signal = new AbortController().signal
const MIB = 1 << 20

describe('createGrantService', () => {
  let own: OwnS3
  let world: Awaited<ReturnType<typeof serveUnit>>
  let nowMs = 0
  before(async () => {
    own = await startOwnS3()
    const address = { endpoint: own.server.url, region: 'lightmesh', bucket: 'unit', pathStyle: true }
    const driver = createDiskDriver({ store: own.store, address, keys: TEST_KEYS })
    nowMs = Date.now()
    world = await serveUnit(driver, { now: () => nowMs, graceEpochs: 3 })
  })
  after(() => own.close())
  afterEach(async () => {
    for (const { key } of (await own.store.list({ prefix: 'r/' })).objects) await own.store.delete(key)
    world.service.quota.forget(1n)
  })

  const refused = (work: Promise<unknown>, code: string) =>
    assert.rejects(work, (error) => {
      assert.ok(error instanceof GrantError, String(error))
      assert.equal(error.code, code)
      return true
    })
  const ask = (items: { action: 'read' | 'write'; key: string; bytes?: number }[], who = world.consumer) =>
    world.clientOf(who).reservationGrants(
      1n,
      items.map((item) => ({ bytes: 0, ...item })),
      signal,
    )
  const epochNow = () => epochAt(world.epochClock, nowMs)
  const writing = (key: string, bytes: number) => ask([{ action: 'write', key, bytes }])

  it('default', async () => {
    const grants = await world.clientOf(world.oracle).probeGrants(world.unit, world.epoch, signal)
    const keys = world.served.objects.objects.map((object) => object.key)
    assert.deepEqual(
      grants.map((grant) => grant.key),
      [...keys, probeWriteKey(world.oracle.address)],
    )
    const read = await plainRequest(grants[0]!.url)
    assert.deepEqual([read.status, read.body.length], [200, 200_000])
    assert.equal(grants[3]!.headers['content-length'], String(PROBE_WRITE_BYTES))
  })

  it('behavior: the object list arrives as it was signed', async () => {
    const list = await world.clientOf(world.stranger).objectList(world.unit, signal)
    assert.deepEqual(list, world.served.objects)
    const impostor = { ...world.unit, terms: { ...world.unit.terms, provider: world.stranger.address } }
    await refused(world.clientOf(world.oracle).objectList(impostor, signal), 'unreachable')
  })

  it('behavior: a consumer writes and reads below its reservation only', async () => {
    const [write, read] = await ask([
      { action: 'write', key: 'file', bytes: 5 },
      { action: 'read', key: 'file' },
    ])
    const put = await plainRequest(write!.url, {
      method: 'PUT',
      headers: { ...write!.headers },
      body: Buffer.from('hello'),
    })
    assert.equal(put.status, 200)
    assert.equal((await own.store.head('r/1/file')).bytes, 5)
    assert.equal((await plainRequest(read!.url)).body.toString(), 'hello')
    const [sneaky] = await ask([{ action: 'read', key: '../2/file' }])
    await own.store.put('r/2/file', bodyOf(Buffer.from('other')), { bytes: 5 })
    assert.equal((await plainRequest(sneaky!.url)).status, 404)
  })

  it('behavior: writes are granted within the capacity, whatever was written or granted before', async () => {
    await writing('a', 600_000)
    await refused(writing('b', 600_000), 'quota-exceeded')
    await writing('b', MIB - 600_000)
    await refused(writing('c', 1), 'quota-exceeded')
    // The same object again takes no further space.
    await writing('a', 600_000)
    nowMs += 10 * 60_000
    // Grants that were not used have expired: their bytes are free again.
    await writing('c', MIB)
  })

  it('behavior: bytes stored count even when the node forgot what it granted', async () => {
    await own.store.put('r/1/old', bodyOf(new Uint8Array(MIB - 10)), { bytes: MIB - 10 })
    await refused(writing('new', 11), 'quota-exceeded')
    await writing('new', 10)
    await own.store.delete('r/1/old')
    nowMs += 1
    await writing('newer', 1000)
  })

  it('behavior: several items are granted together or not at all', async () => {
    const two = [
      { action: 'write' as const, key: 'x', bytes: 600_000 },
      { action: 'write' as const, key: 'y', bytes: 600_000 },
    ]
    await refused(ask(two), 'quota-exceeded')
    await writing('z', MIB)
  })

  it('error: strangers, other reservations, other units', async () => {
    await refused(world.clientOf(world.stranger).probeGrants(world.unit, epochNow(), signal), 'not-an-oracle')
    await refused(ask([{ action: 'read', key: 'a' }], world.stranger), 'not-the-consumer')
    const other = { ...world.unit, id: `0x${'11'.repeat(32)}` as Hex }
    await refused(world.clientOf(world.oracle).probeGrants(other, epochNow(), signal), 'unit-unknown')
    await refused(world.clientOf(world.oracle).objectList(other, signal), 'unit-unknown')
    await refused(world.clientOf(world.consumer).reservationGrants(9n, [], signal), 'reservation-unknown')
  })

  it('error: an epoch that is not now', async () => {
    for (const epoch of [epochNow() - 2, epochNow() + 2])
      await refused(world.clientOf(world.oracle).probeGrants(world.unit, epoch, signal), 'wrong-epoch')
  })

  it('error: a request by somebody else, altered, or no request', async () => {
    const request: GrantRequest = {
      purpose: 'reservation',
      subject: reservationSubject(1n),
      requester: world.consumer.address,
      epoch: epochNow(),
      items: [],
    }
    const signed = await signGrantRequest(world.digests, world.consumer, request)
    const forged = await signGrantRequest(world.digests, world.stranger, request)
    const { consumer, stranger, service } = world
    assert.deepEqual(await service.answer(signed, consumer.address, signal), { grants: [] })
    assert.deepEqual(await service.answer(signed, stranger.address, signal), { refusal: 'bad-signature' })
    assert.deepEqual(await service.answer(forged, consumer.address, signal), { refusal: 'bad-signature' })
    for (const bytes of [new Uint8Array(), Uint8Array.of(1, 2, 3), encodeCanonical([1, 2]), signed.slice(1)])
      assert.deepEqual(await service.answer(bytes, consumer.address, signal), { refusal: 'malformed' })
  })

  it('error: a reservation that is not running; for a while it may still be read', async () => {
    const running = world.reservations.get(1n)!
    const withChange = async (change: object, work: () => Promise<void>) => {
      world.reservations.set(1n, { ...running, ...change })
      await work()
      world.reservations.set(1n, running)
    }
    await withChange({ status: 'Held', endEpoch: undefined }, () =>
      refused(ask([{ action: 'read', key: 'a' }]), 'reservation-inactive'),
    )
    await withChange({ status: 'Cancelled' }, () =>
      refused(ask([{ action: 'read', key: 'a' }]), 'reservation-inactive'),
    )
    const epoch = epochNow()
    await withChange({ endEpoch: epoch - 2 }, async () => {
      assert.equal((await ask([{ action: 'read', key: 'a' }])).length, 1)
      await refused(writing('a', 1), 'reservation-inactive')
    })
    await withChange({ endEpoch: epoch - 4 }, () =>
      refused(ask([{ action: 'read', key: 'a' }]), 'reservation-inactive'),
    )
  })

  it('error: more than one put can carry, and keys that are none', async () => {
    world.reservations.set(1n, { ...world.reservations.get(1n)!, capacityBytes: 1n << 50n })
    await refused(writing('huge', 2 ** 40), 'unsupported')
    await refused(ask([{ action: 'read', key: '\0' }]), 'unsupported')
  })

  it('behavior: stopped, it answers nobody', async () => {
    world.stop()
    await refused(world.clientOf(world.oracle).probeGrants(world.unit, world.epoch, signal), 'unreachable')
  })
})
