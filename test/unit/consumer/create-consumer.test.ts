/** The consumer's whole story on a market in memory: choose, reserve, activate, pay, get back. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ConsumerPorts } from '../../../src/consumer/api.ts'
import { createConsumer } from '../../../src/consumer/create-consumer.ts'
import type { ObjectTransfer } from '../../../src/consumer/object-transfer.ts'
import type { UnitId } from '../../../src/core/ids.ts'
import { type LeafSource, MarketError } from '../../../src/core/ports/market.ts'
import { ManualClock, settle } from '../../support/market/manual-clock.ts'
import { address, leafOf, MarketTwin, TOKEN, termsOf } from '../../support/market/market-twin.ts'
import { MemoryStore } from '../../support/market/memory-store.ts'

const CONSUMER = address(0xc0)
const GIB = 1n << 30n

function world(fields: Partial<ConsumerPorts> = {}) {
  const market = new MarketTwin()
  const store = new MemoryStore()
  const good = market.addUnit(termsOf(address(1)))
  const cheap = market.addUnit(termsOf(address(2), { kind: 'disk', region: 'us-east', pricePerGibEpoch: 100n }))
  const attest = (epoch: number, sums: bigint = BigInt(epoch) * 10_000n) =>
    market.finalize(epoch, [
      leafOf(good, epoch, { paidBpsSum: sums }),
      leafOf(cheap, epoch, { paidBpsSum: sums, scoreBps: 2_000, ttfbP95Ms: 2_000, downP10Kbps: 500, samples: 20 }),
    ])
  attest(5)
  let random = 0
  const ports: ConsumerPorts = {
    clock: new ManualClock(0),
    rng: { bytes: (length) => new Uint8Array(length).fill(++random) },
    market,
    writer: market.writer(CONSUMER),
    leaves: market.leaves,
    store,
    ...fields,
  }
  return { market, store, good, cheap, attest, ports, consumer: createConsumer({}, ports) }
}

const request = (unitId: UnitId) => ({ unitId, capacityBytes: 2n * GIB, epochs: 4 })

describe('Consumer.units', () => {
  it('default: best first, each quality proven', async () => {
    const { consumer, good, cheap, market } = world()
    const units = await consumer.units()
    assert.deepEqual(
      units.map(({ unit }) => unit.id),
      [good, cheap],
    )
    assert.equal(units[0]!.quality!.root, market.attestation(5)!.header.root)
    assert.equal(units[0]!.quality!.fresh, true)
    assert.equal(units[0]!.freeBytes, 100n * GIB)
  })

  it('behavior: filters, weights, closed units', async () => {
    const { consumer, good, cheap, market } = world()
    const ids = async (query: Parameters<typeof consumer.units>[0]) =>
      (await consumer.units(query)).map(({ unit }) => unit.id)
    assert.deepEqual(await ids({ kinds: ['disk'] }), [cheap])
    assert.deepEqual(await ids({ regions: ['eu-west'] }), [good])
    assert.deepEqual(await ids({ provider: address(2) }), [cheap])
    assert.deepEqual(await ids({ maxPricePerGibEpoch: 100n }), [cheap])
    assert.deepEqual(await ids({ minScoreBps: 5_000 }), [good])
    assert.deepEqual(await ids({ capacityBytes: 101n * GIB }), [])
    assert.deepEqual(await ids({ weights: { reliability: 0, performance: 0, cost: 1 }, limit: 1 }), [cheap])
    market.changeUnit(good, { status: 'Maintenance' })
    assert.deepEqual(await ids({}), [cheap])
    const all = await consumer.units({ includeClosed: true })
    assert.match(all.find(({ unit }) => unit.id === good)!.closed!, /Maintenance/)
  })

  it('behavior: numbers that do not prove are no numbers', async () => {
    const { market, ports, good } = world()
    const liar: LeafSource = {
      async unitProof(unitId, epoch, signal) {
        const proof = (await market.leaves.unitProof(unitId, epoch, signal))!
        return unitId === good ? { ...proof, leaf: { ...proof.leaf, scoreBps: 10_000 } } : proof
      },
    }
    const consumer = createConsumer({}, { ...ports, leaves: liar })
    const unit = (await consumer.units()).find((ranked) => ranked.unit.id === good)!
    assert.equal(unit.quality, undefined)
    assert.equal(unit.reliabilityBps, 0)
  })
})

describe('Consumer.reserve', () => {
  it('default: held, then active by the leaf, then the money adds up to the end', async () => {
    const { consumer, good, attest } = world()
    const held = await consumer.reserve(request(good))
    assert.equal(held.status, 'Held')
    assert.equal(held.deposited, 8_000n)
    const active = await consumer.waitActive(held.id)
    assert.equal(active.endEpoch, 9)
    attest(7, 65_000n)
    const before = await consumer.money(held.id)
    assert.deepEqual(before, {
      deposited: 8_000n,
      paid: 0n,
      refunded: 0n,
      held: 8_000n,
      pendingPaid: 3_000n,
      pendingRefund: 1_000n,
      settledTo: 5,
      endEpoch: 9,
      pendingEpochs: 2,
      epochsAhead: 2,
    })
    assert.equal((await consumer.settle(held.id)).paid, 3_000n)
    await assert.rejects(consumer.settle(held.id), { code: 'nothing-to-settle' })
    attest(10, 95_000n)
    const closed = await consumer.settle(held.id)
    assert.equal(closed.status, 'Expired')
    const after = await consumer.money(held.id)
    assert.equal(after.held, 0n)
    assert.equal(after.paid + after.refunded, 8_000n)
    assert.equal(await consumer.credit(TOKEN), after.refunded)
    assert.equal(await consumer.withdraw(TOKEN), after.refunded)
    assert.equal(await consumer.credit(TOKEN), 0n)
  })

  it('behavior: the same request again, also after a restart, is the same reservation', async () => {
    const { consumer, ports, market, good } = world()
    const first = await consumer.reserve({ ...request(good), requestId: 'backup' })
    assert.equal((await consumer.reserve({ ...request(good), requestId: 'backup' })).id, first.id)
    const restarted = createConsumer({}, ports)
    assert.equal((await restarted.reserve({ ...request(good), requestId: 'backup' })).id, first.id)
    assert.notEqual((await restarted.reserve({ ...request(good), requestId: 'other' })).id, first.id)
    assert.equal(market.reservations().length, 2)
    const changed = { ...request(good), epochs: 5, requestId: 'backup' }
    await assert.rejects(restarted.reserve(changed), { code: 'request-mismatch' })
  })

  it('behavior: a crash between transaction and note does not pay twice', async () => {
    const { consumer, ports, market, good } = world()
    let broken = false
    const crashing = new MemoryStore()
    const batch = crashing.batch.bind(crashing)
    crashing.batch = async (operations) => {
      if (broken) throw new Error('disk full')
      await batch(operations)
      broken = true
    }
    await consumer.stop()
    const first = createConsumer({}, { ...ports, store: crashing })
    await assert.rejects(first.reserve({ ...request(good), requestId: 'x' }), /disk full/)
    broken = false
    const second = createConsumer({}, { ...ports, store: crashing })
    assert.equal((await second.reserve({ ...request(good), requestId: 'x' })).id, 1n)
    assert.equal(market.reservations().length, 1)
  })

  it('error: what is wrong is said before anything is paid', async () => {
    const { consumer, market, good, ports, attest } = world()
    const reserve = (fields: object) => consumer.reserve({ ...request(good), ...fields })
    await assert.rejects(reserve({ unitId: `0x${'99'.repeat(32)}` }), { code: 'unknown-unit' })
    await assert.rejects(reserve({ capacityBytes: 101n * GIB }), { code: 'over-capacity' })
    await assert.rejects(reserve({ capacityBytes: 0n }), { code: 'invalid-value' })
    await assert.rejects(reserve({ epochs: 0 }), { code: 'invalid-value' })
    await assert.rejects(reserve({ maxPricePerGibEpoch: 999n }), { code: 'price-too-high' })
    const silent = createConsumer({}, { ...ports, leaves: { unitProof: async () => undefined } })
    await assert.rejects(silent.reserve(request(good)), { code: 'not-proven' })
    market.finalize(6, [leafOf(good, 6, { state: 'Suspended' })])
    await assert.rejects(reserve({}), { code: 'unit-closed' })
    attest(7)
    market.changeUnit(good, { status: 'Retired' })
    await assert.rejects(reserve({}), { code: 'unit-closed' })
    assert.deepEqual(market.calls, [])
  })

  it('error: a refusal of the contract keeps its reason, and the request can be made again', async () => {
    const { consumer, market, good } = world()
    market.fault = new MarketError('refused', 'no', { reason: 'CapacityExceeded' })
    const again = { ...request(good), requestId: 'again' }
    await assert.rejects(consumer.reserve(again), { code: 'refused', reason: 'CapacityExceeded' })
    market.fault = undefined
    assert.equal((await consumer.reserve(again)).status, 'Held')
  })
})

describe('Consumer: objects and the rest', () => {
  const recorded: string[] = []
  const transfer: ObjectTransfer = {
    upload: async (id, key, source) => {
      recorded.push(`upload ${id} ${key}`)
      return { key, bytes: source.bytes, root: new Uint8Array(32) }
    },
    download: async function* (id, key) {
      recorded.push(`download ${id} ${key}`)
      yield new Uint8Array(3)
    },
    list: async () => [],
    delete: async () => {},
  }
  const source = {
    bytes: 3,
    open: async function* () {
      yield new Uint8Array(3)
    },
  }

  it('default: objects of a running reservation go through the transfer', async () => {
    const { consumer, good } = world({ transfer })
    const { id } = await consumer.reserve(request(good))
    await assert.rejects(consumer.upload(id, 'a', source), { code: 'not-active' })
    await consumer.waitActive(id)
    assert.equal((await consumer.upload(id, 'a', source)).bytes, 3)
    for await (const chunk of consumer.download(id, 'a')) assert.equal(chunk.length, 3)
    assert.deepEqual(recorded, [`upload ${id} a`, `download ${id} a`])
  })

  it("error: somebody else's reservation, no such one, no transfers", async () => {
    const { consumer, market, good } = world()
    const other = market.writer(address(0xc1))
    await other.reserve({ ...request(good), maxPricePerGibEpoch: 1_000n }, 'o', new AbortController().signal)
    await assert.rejects(consumer.money(1n), { code: 'not-own' })
    await assert.rejects(consumer.money(2n), { code: 'unknown-reservation' })
    const { id } = await consumer.reserve(request(good))
    await consumer.waitActive(id)
    await assert.rejects(consumer.upload(id, 'a', source), { code: 'no-transfer' })
    assert.deepEqual(
      consumer.reservations().map((reservation) => reservation.id),
      [id],
    )
  })

  it('behavior: a held reservation is given up and refunded whole', async () => {
    const { consumer, good } = world()
    const { id } = await consumer.reserve(request(good))
    await consumer.cancel(id)
    const money = await consumer.money(id)
    assert.equal(money.refunded, 8_000n)
    assert.equal(money.held, 0n)
    await assert.rejects(consumer.waitActive(id), { code: 'not-held' })
  })

  it('default: an extension is paid at the same rate, a release gives back what is not needed', async () => {
    const { consumer, good, attest } = world()
    const { id } = await consumer.reserve(request(good))
    await assert.rejects(consumer.extend(id, 2), { code: 'not-active' })
    await consumer.waitActive(id)
    await assert.rejects(consumer.extend(id, 0), { code: 'invalid-value' })
    assert.equal((await consumer.extend(id, 6)).endEpoch, 15)
    assert.equal((await consumer.money(id)).deposited, 20_000n)
    attest(6)
    const money = await consumer.money(id)
    assert.equal(money.pendingPaid, 2_000n)
    const released = await consumer.release(id)
    assert.equal(released.endEpoch, 8)
    assert.equal(await consumer.credit(TOKEN), 14_000n)
    attest(9, 90_000n)
    const closed = await consumer.settle(id)
    assert.equal(closed.paid, 6_000n)
    assert.equal(closed.paid + closed.refunded, closed.deposited)
  })

  it('behavior: the escape is opened by one call and executed by the next', async () => {
    const { consumer, good } = world()
    const { id } = await consumer.reserve(request(good))
    await consumer.waitActive(id)
    const open = await consumer.escape(id)
    assert.equal(open.status, 'Active')
    assert.equal(open.escapeEpoch, 7)
    const closed = await consumer.escape(id)
    assert.equal(closed.status, 'Expired')
    assert.equal(closed.refunded, closed.deposited)
  })

  it('behavior: where the provider accepts, the consumer waits for it', async () => {
    const { consumer, market, good } = world()
    market.changeUnit(good, { autoAccept: false })
    const { id } = await consumer.reserve(request(good))
    const waiting = consumer.waitActive(id)
    await settle()
    assert.equal(market.calls.includes('activate'), false)
    const proof = (await market.leaves.unitProof(good, 5, new AbortController().signal))!
    await market.writer(address(1)).activate(id, { ...proof, ringPrevEpoch: 0 }, 'p', new AbortController().signal)
    assert.equal((await waiting).status, 'Active')
  })

  it('behavior: stopping ends what waits and leaves no listener', async () => {
    const { consumer, market, good } = world()
    market.changeUnit(good, { autoAccept: false })
    const { id } = await consumer.reserve(request(good))
    consumer.watch(() => {})
    const waiting = assert.rejects(consumer.waitActive(id), { code: 'stopped' })
    await consumer.stop()
    await waiting
    assert.equal(market.watchers, 0)
  })
})
