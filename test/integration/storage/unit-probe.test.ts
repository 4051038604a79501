/** The probe against real backends, through real grants: what it sees of healthy, broken and lying ones. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { Hex } from '../../../src/core/ids.ts'
import type { ProbeOutcome, ProbeTask } from '../../../src/core/observations.ts'
import type { StorageDriver } from '../../../src/core/ports/storage.ts'
import { createAzureDriver } from '../../../src/storage/azure/driver.ts'
import { createDiskDriver } from '../../../src/storage/disk/driver.ts'
import { createHttpClient } from '../../../src/storage/http/client.ts'
import { bodyOf, readAll } from '../../../src/storage/keys.ts'
import { createUnitProbe, type UnitProbeOptions } from '../../../src/storage/probe/unit-probe.ts'
import { createS3Driver } from '../../../src/storage/s3/driver.ts'
import { serveUnit } from '../../support/served-unit.ts'
import { startAzurite } from '../../support/servers/azurite.ts'
import { freePort } from '../../support/servers/free-port.ts'
import { startOwnS3, TEST_KEYS } from '../../support/servers/own-s3.ts'

const signal = new AbortController().signal
const entropyOf = (i: number) => `0x${createHash('sha256').update(`entropy ${i}`).digest('hex')}` as Hex
type World = Awaited<ReturnType<typeof serveUnit>>

const probeOf = (world: World, options: UnitProbeOptions = {}, allowPrivate = true) =>
  createUnitProbe(
    {
      http: createHttpClient({ allowPrivate, connectMs: 2000, idleMs: 2000 }),
      source: world.clientOf(world.oracle),
      clock: world.clock,
    },
    options,
  )
const assignment = (world: World, i = 0, task: ProbeTask = 'read') => ({
  epoch: world.epoch,
  unit: world.unit,
  task,
  entropy: entropyOf(i),
  deadlineMs: Date.now() + 10_000,
})
const outcome = async (world: World, options: UnitProbeOptions = {}, task: ProbeTask = 'read'): Promise<ProbeOutcome> =>
  (await probeOf(world, options).probe(assignment(world, 0, task), signal)).outcome

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
  [
    'disk',
    async () => {
      const own = await startOwnS3()
      const address = { endpoint: own.server.url, region: 'r', bucket: 'unit', pathStyle: true }
      return { driver: createDiskDriver({ store: own.store, address, keys: TEST_KEYS }), close: own.close }
    },
  ],
]

for (const [name, start] of BACKENDS) {
  describe(`unit probe on ${name}`, () => {
    let world: World
    let backend: Awaited<ReturnType<typeof start>>
    before(async () => {
      backend = await start()
      world = await serveUnit(backend.driver)
    })
    after(async () => {
      await backend.driver.close()
      await backend.close()
    })

    it('default', async () => {
      const probe = probeOf(world)
      await probe.prepare(world.epoch, [world.unit], signal)
      for (let i = 0; i < 12; i++) {
        const result = await probe.probe(assignment(world, i), signal)
        assert.equal(result.outcome, 'ok')
        assert.ok(result.ttfbMs >= 1 && result.ttfbMs < 2000, `ttfb ${result.ttfbMs}`)
        assert.ok(Number.isInteger(result.kbps))
      }
    })

    it('behavior: a write probe leaves the bytes of its entropy', async () => {
      assert.equal(await outcome(world, {}, 'write'), 'ok')
      const { objects } = await world.served.driver.list({ prefix: 'lightmesh/probe/write/' })
      assert.deepEqual(
        objects.map((object) => object.bytes),
        [65_536],
      )
    })

    it('error: one flipped byte in each leaf is found wherever is read', async () => {
      for (const { key, bytes } of world.served.objects.objects) {
        const { body } = await world.served.driver.get(key)
        const data = await readAll(body, bytes)
        for (let at = 0; at < bytes; at += 65_536) data[at]! ^= 1
        await world.served.driver.put(key, bodyOf(data), { bytes })
      }
      assert.equal(await outcome(world), 'wrong-content')
    })

    it('error: shorter objects and missing objects', async () => {
      const objects = world.served.objects.objects
      for (const { key } of objects) await world.served.driver.put(key, bodyOf(Buffer.from('x')), { bytes: 1 })
      const results = new Set<ProbeOutcome>()
      const probe = probeOf(world)
      for (let i = 0; i < 8; i++) results.add((await probe.probe(assignment(world, i), signal)).outcome)
      assert.deepEqual([...results], ['wrong-length'])
      for (const { key } of objects) await world.served.driver.delete(key)
      assert.equal(await outcome(world), 'object-missing')
    })
  })
}

describe('unit probe', () => {
  let own: Awaited<ReturnType<typeof startOwnS3>>
  let world: World
  before(async () => {
    own = await startOwnS3()
    const address = { endpoint: own.server.url, region: 'r', bucket: 'unit', pathStyle: true }
    world = await serveUnit(createDiskDriver({ store: own.store, address, keys: TEST_KEYS }))
  })
  after(() => own.close())

  it('default', async () => {
    assert.equal(await outcome(world), 'ok')
  })

  it('behavior: private addresses are refused unless they are allowed', async () => {
    const result = await probeOf(world, {}, false).probe(assignment(world), signal)
    assert.equal(result.outcome, 'address-refused')
  })

  it('error: no time left, and tasks that a storage unit has not', async () => {
    const late = { ...assignment(world), deadlineMs: Date.now() }
    assert.equal((await probeOf(world).probe(late, signal)).outcome, 'prober-overloaded')
    assert.equal(await outcome(world, {}, 'invoke'), 'prober-aborted')
  })

  it('error: an aborted probe rejects with its reason', async () => {
    const reason = new Error('enough')
    await assert.rejects(probeOf(world).probe(assignment(world), AbortSignal.abort(reason)), reason)
  })

  it('behavior: when the control targets fail too, it is the prober’s fault', async () => {
    const dead = `http://127.0.0.1:${await freePort()}/`
    const address = { endpoint: dead.slice(0, -1), region: 'r', bucket: 'unit', pathStyle: true }
    const unreachable = await serveUnit(createDiskDriver({ store: own.store, address, keys: TEST_KEYS }))
    assert.equal(await outcome(unreachable), 'connect-refused')
    assert.equal(await outcome(unreachable, { controlTargets: [own.server.url, dead] }), 'connect-refused')
    assert.equal(await outcome(unreachable, { controlTargets: [dead] }), 'control-failed')
  })

  it('error: a provider that changed its keys, is gone, or refuses', async () => {
    const probe = probeOf(world)
    await probe.prepare(world.epoch, [world.unit], signal)
    const { driver } = world.served
    const address = { endpoint: own.server.url, region: 'r', bucket: 'unit', pathStyle: true }
    world.served.driver = createDiskDriver({
      store: own.store,
      address,
      keys: { ...TEST_KEYS, secretAccessKey: 'old' },
    })
    const cold = probeOf(world)
    assert.equal((await cold.probe(assignment(world), signal)).outcome, 'access-denied')
    world.served.driver = driver
    assert.equal((await cold.probe(assignment(world), signal)).outcome, 'ok', 'asks for new rights after a refusal')
    world.stop()
    assert.equal((await probe.probe(assignment(world), signal)).outcome, 'ok', 'rights of the day are still good')
    assert.equal(await outcome(world), 'index-unavailable')
  })
})
