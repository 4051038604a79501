/** The market's whole story on real contracts: offer, admission, reservation, activation, settlement, withdrawal, restarts. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createConsumer } from '../../../src/consumer/create-consumer.ts'
import { unitIdOf } from '../../../src/core/eip712.ts'
import type { Address, UnitId } from '../../../src/core/ids.ts'
import type { LeafSource } from '../../../src/core/ports/market.ts'
import { activateReservation } from '../../../src/market/activation.ts'
import { untilMarket } from '../../../src/market/changes.ts'
import { createOfferRelay } from '../../../src/market/offer-relay.ts'
import { systemClock, systemRng } from '../../../src/node/system-ports.ts'
import { createAdmissionService } from '../../../src/provider/registration/admission-service.ts'
import { createOfferService } from '../../../src/provider/registration/offer-service.ts'
import type { SettlementEvents } from '../../../src/provider/settlement/api.ts'
import { createSettlementService } from '../../../src/provider/settlement/settlement-service.ts'
import { type MarketNode, startAnvilMarket } from '../../support/market/anvil-market.ts'
import { leafOf, termsOf } from '../../support/market/market-twin.ts'
import { MemoryStore } from '../../support/market/memory-store.ts'

const COIN = 10n ** 18n
const GIB = 1n << 30n
const PRICE = 1_000n
/** Protocol fee of 2 %: floor of the running total. */
const afterFee = (paid: bigint) => paid - (paid * 200n) / 10_000n
const soon = () => AbortSignal.timeout(30_000)

describe('the market on real contracts', () => {
  const cleanUp: (() => Promise<void>)[] = []
  let world: Awaited<ReturnType<typeof startAnvilMarket>>
  let oracle: MarketNode
  let provider: MarketNode
  let operator: MarketNode
  let consumer: MarketNode
  let unitId: UnitId
  const settlementStore = new MemoryStore()
  const consumerStore = new MemoryStore()

  const consumerOf = (node: MarketNode, leaves: LeafSource = world.leaves) =>
    createConsumer({}, { clock: systemClock, rng: systemRng, leaves, store: consumerStore, ...node })
  const settlementOf = (node: MarketNode, leaves: LeafSource = world.leaves) =>
    createSettlementService({ provider: provider.signer.address }, { ...node, leaves, store: settlementStore })
  const seen = (node: MarketNode, epoch: number) =>
    untilMarket(
      node.market,
      () => ((node.market.finalAttestation()?.header.epoch ?? -1) >= epoch ? true : undefined),
      soon(),
    )
  /** A root over the unit's leaf, final in the eyes of these nodes. */
  const finalize = async (epoch: number, fields: Parameters<typeof leafOf>[2], ...nodes: MarketNode[]) => {
    await world.finalize(epoch, [leafOf(unitId, epoch, fields)])
    await Promise.all(nodes.map((node) => seen(node, epoch)))
  }

  before(async () => {
    world = await startAnvilMarket({ after: (stop: () => Promise<void>) => void cleanUp.unshift(stop) })
    const [operatorKey, providerKey, consumerKey] = [
      await world.account(10_000n * COIN),
      await world.account(),
      await world.account(1_000_000n),
    ]
    await world.provider(operatorKey, providerKey, 3_000n * COIN)
    oracle = await world.node(await world.account())
    provider = await world.node(providerKey)
    operator = await world.node(operatorKey)
    consumer = await world.node(consumerKey)
  })
  after(async () => {
    for (const stop of cleanUp) await stop()
  })

  it('default: a gossiped offer is registered by an oracle, as it was signed', async () => {
    const terms = termsOf(provider.signer.address, { token: world.token, pricePerGibEpoch: PRICE })
    const relay = createOfferRelay(
      { node: oracle.signer.address, stageMs: 10 },
      { clock: systemClock, ...oracle, oracles: () => [oracle.signer.address] },
    )
    const deadline = Number((await world.network.publicClient.getBlock()).timestamp) + 1_000_000
    const offers = createOfferService(
      // The devnet's chain runs ahead of the wall clock here.
      { units: [terms], offerSeconds: deadline - Math.floor(Date.now() / 1000) },
      {
        clock: systemClock,
        market: provider.market,
        signer: provider.signer,
        digests: world.digests,
        publishOffer: async (offer) => void relay.offer(offer),
        publishAdvert: async () => {},
      },
    )
    cleanUp.unshift(
      () => offers.stop(),
      () => relay.stop(),
    )
    offers.start()
    await offers.registered(soon())
    unitId = offers.unitIds[0]!
    assert.equal(await relay.settled(unitId), 'on-chain')
    await offers.stop()
    await relay.stop()
    const unit = provider.market.unit(unitId)!
    assert.deepEqual(unit.terms, terms)
    assert.equal(unit.status, 'Pending')
    assert.equal(unit.operator, operator.signer.address)
  })

  it('default: the leaf that vets the unit admits it', async () => {
    const admission = createAdmissionService(
      { provider: provider.signer.address },
      { ...provider, leaves: world.leaves },
    )
    admission.start()
    await world.finalize(10, [leafOf(unitId, 10, { state: 'Vetting', paidBpsSum: 0n })])
    const admitted = () => (consumer.market.unit(unitId)?.status === 'Active' ? true : undefined)
    await untilMarket(consumer.market, admitted, soon())
    await admission.stop()
    assert.equal(consumer.market.unit(unitId)!.attestedState, 'Vetting')
    await seen(consumer, 10)
  })

  it('error: what the contract refuses comes back with its reason', async () => {
    const terms = { unitId, capacityBytes: 1_000n * GIB, epochs: 4, maxPricePerGibEpoch: PRICE }
    await consumer.writer.approve(world.token, 1_000_000n, soon())
    await assert.rejects(consumer.writer.reserve(terms, 'too-much', soon()), { reason: 'CapacityExceeded' })
    const cheap = { ...terms, capacityBytes: GIB, maxPricePerGibEpoch: PRICE - 1n }
    await assert.rejects(consumer.writer.reserve(cheap, 'too-cheap', soon()), { reason: 'PriceTooHigh' })
    const own = consumerOf(consumer)
    await assert.rejects(own.reserve({ unitId, capacityBytes: 1_000n * GIB, epochs: 4 }), { code: 'over-capacity' })
    assert.deepEqual(own.reservations(), [])
    await own.stop()
  })

  it('default: reserve, activate by the leaf; a stale leaf and a wrong proof activate nothing', async () => {
    const own = consumerOf(consumer)
    const [best] = await own.units()
    assert.equal(best!.unit.id, unitId)
    const held = await own.reserve({ unitId, capacityBytes: 2n * GIB, epochs: 4, requestId: 'first' })
    assert.equal(held.deposited, 8n * PRICE)

    await finalize(11, { paidBpsSum: 10_000n }, consumer)
    const old = (await world.leaves.unitProof(unitId, 10, soon()))!
    const stale = { ...old, ringPrevEpoch: consumer.market.attestation(10)!.ringPrevEpoch }
    await assert.rejects(consumer.writer.activate(held.id, stale, 'stale', soon()), { reason: 'StaleBaseline' })
    const now = (await world.leaves.unitProof(unitId, 11, soon()))!
    const lie = { ...now, leaf: { ...now.leaf, paidBpsSum: 0n }, ringPrevEpoch: 10 }
    await assert.rejects(consumer.writer.activate(held.id, lie, 'lie', soon()), { reason: 'UnknownRoot' })

    const active = await own.waitActive(held.id)
    assert.equal(active.lastEpoch, 11)
    assert.equal(active.endEpoch, 15)
    assert.equal(consumer.market.unit(unitId)!.reservedBytes, 2n * GIB)
    await own.stop()
  })

  it('default: two epochs later one settlement pays the provider, to the coin', async () => {
    const own = consumerOf(consumer)
    const service = settlementOf(provider)
    const settled = new Promise<SettlementEvents['settled']>((resolve) => service.on('settled', resolve))
    await service.start()
    await finalize(13, { paidBpsSum: 27_500n }, consumer, provider)
    const { paid, refunded } = await settled
    // 17,500 of 20,000 basis points in two epochs at 2,000 each.
    assert.equal(paid, 3_500n)
    assert.equal(refunded, 500n)
    const id = own.reservations()[0]!.id
    const shown = ({ market }: MarketNode) =>
      untilMarket(market, () => market.reservations().find(({ lastEpoch }) => lastEpoch === 13), soon())
    const [view] = await Promise.all([shown(consumer), shown(provider)])
    assert.equal(view.paid, 3_500n)
    const money = await own.money(id)
    assert.deepEqual([money.settledTo, money.pendingEpochs, money.epochsAhead], [13, 0, 2])
    assert.equal(money.deposited, money.paid + money.refunded + money.held)
    assert.equal(await own.credit(world.token), 500n)
    const [earnings] = await service.earnings()
    assert.equal(earnings!.earned, 3_500n)
    assert.equal(earnings!.escrow, 4_000n)
    assert.equal(earnings!.withdrawable, afterFee(3_500n))
    await service.stop()
    await own.stop()
  })

  it('behavior: a provider that was away settles the end by the leaf it had kept', async () => {
    // The closing root comes while no settlement gets through: the chain is read, the leaf kept, then the process ends.
    const before = settlementOf({ ...provider, writer: { ...provider.writer, settle: unavailable } })
    const failed = new Promise<string>((resolve) => before.on('failed', ({ code }) => resolve(code)))
    await before.start()
    await finalize(16, { paidBpsSum: 57_500n }, provider)
    assert.equal(await failed, 'unavailable')
    await before.stop()
    await provider.stop()
    // Later roots exist, and nobody proves the old one any more.
    await world.finalize(17, [leafOf(unitId, 17, { paidBpsSum: 57_500n })])
    const newestOnly: LeafSource = {
      unitProof: async (unit, epoch, signal) => (epoch === 17 ? world.leaves.unitProof(unit, 17, signal) : undefined),
    }
    provider = await world.node(provider.signer)
    const service = settlementOf(provider, newestOnly)
    const settled = new Promise<SettlementEvents['settled']>((resolve) => service.on('settled', resolve))
    await service.start()
    const { epoch, paid, refunded } = await settled
    assert.equal(epoch, 16)
    // 30,000 basis points over three epochs: all paid, for the two epochs that were left.
    assert.equal(paid, 4_000n)
    assert.equal(refunded, 0n)
    const closed = await untilMarket(
      consumer.market,
      () => consumer.market.reservations().find(({ status }) => status === 'Expired'),
      soon(),
    )
    assert.equal(closed.paid + closed.refunded, closed.deposited)
    assert.equal(consumer.market.unit(unitId)!.reservedBytes, 0n)
    await service.settleNow()
    await service.stop()
  })

  it('behavior: the same request after a restart is the same reservation', async () => {
    await consumer.stop()
    consumer = await world.node(consumer.signer)
    const own = consumerOf(consumer)
    const again = await own.reserve({ unitId, capacityBytes: 2n * GIB, epochs: 4, requestId: 'first' })
    assert.equal(again.status, 'Expired')
    assert.equal(own.reservations().length, 1)
    await own.stop()
  })

  it('default: both sides withdraw; what is in is what went out', async () => {
    const balance = (account: Address) => consumer.market.tokenBalance(world.token, account, soon())
    const own = consumerOf(consumer)
    const before = await balance(consumer.signer.address)
    assert.equal(await own.withdraw(world.token), 500n)
    assert.equal(await balance(consumer.signer.address), before + 500n)
    const earned = await balance(operator.signer.address)
    const { amount } = await operator.writer.withdraw(world.token, operator.signer.address, soon())
    assert.equal(amount, afterFee(7_500n))
    assert.equal(await balance(operator.signer.address), earned + amount)
    // 8,000 deposited: 500 back, 7,350 to the provider, 150 in the oracles' pool.
    assert.equal(500n + amount + 150n, 8_000n)
    await own.stop()
  })

  it('behavior: a consumer need not wait for the provider to get its refund', async () => {
    const own = consumerOf(consumer)
    await world.finalize(18, [leafOf(unitId, 18, { paidBpsSum: 60_000n })])
    await seen(consumer, 18)
    const { id } = await own.reserve({ unitId, capacityBytes: GIB, epochs: 2 })
    await activateReservation({ ...consumer, leaves: world.leaves }, id, soon())
    await world.finalize(20, [leafOf(unitId, 20, { paidBpsSum: 60_000n })])
    await seen(consumer, 20)
    const closed = await own.settle(id)
    assert.equal(closed.status, 'Expired')
    assert.equal(closed.refunded, 2n * PRICE)
    assert.equal(closed.paid, 0n)
    await own.stop()
  })

  it('behavior: units of one provider are settled together by a multiproof, for less gas', async () => {
    const own = consumerOf(consumer)
    const units = [unitId]
    for (const nonce of [2n, 3n]) {
      const terms = termsOf(provider.signer.address, { token: world.token, pricePerGibEpoch: PRICE, nonce })
      const deadline = Number((await world.network.publicClient.getBlock()).timestamp) + 10_000
      const signature = await provider.signer.signDigest(world.digests.dataUnit(terms, deadline))
      await oracle.writer.registerUnitFor(terms, deadline, signature, soon())
      units.push(unitIdOf(provider.signer.address, nonce))
    }
    // Four more leaves that nobody here cares for, so that the tree has two levels of leaves.
    const others = Array.from({ length: 4 }, (_, i) => unitIdOf(oracle.signer.address, BigInt(i)))
    const all = async (epoch: number, nodes: MarketNode[]) => {
      await world.finalize(
        epoch,
        [...units, ...others].map((unit) => leafOf(unit, epoch, { state: 'Vetting' })),
      )
      await Promise.all(nodes.map((node) => seen(node, epoch)))
    }
    await all(21, [consumer, provider])
    for (const unit of units.slice(1)) {
      const leaf = (await world.leaves.unitProof(unit, 21, soon()))!
      await provider.writer.applyState({ ...leaf, ringPrevEpoch: 20 }, `admit ${unit}`, soon())
    }
    for (const unit of units) {
      await untilMarket(
        consumer.market,
        () => (consumer.market.unit(unit)?.status === 'Active' ? true : undefined),
        soon(),
      )
      const { id } = await own.reserve({ unitId: unit, capacityBytes: GIB, epochs: 10 })
      await own.waitActive(id)
    }
    const service = settlementOf(provider)
    const settled: SettlementEvents['settled'][] = []
    service.on('settled', (value) => settled.push(value))
    await all(22, [provider])
    await service.settleNow()
    assert.deepEqual(
      settled.map(({ unitId: unit, paid }) => ({ unit, paid })).sort((a, b) => (a.unit < b.unit ? -1 : 1)),
      units.toSorted().map((unit) => ({ unit, paid: PRICE })),
    )
    const together = settled[0]!.gasUsed
    assert.ok(settled.every(({ gasUsed }) => gasUsed === together))
    settled.length = 0
    await all(23, [provider])
    const apart = createSettlementService(
      { provider: provider.signer.address, batchSize: 1 },
      { ...provider, leaves: world.leaves, store: new MemoryStore() },
    )
    apart.on('settled', (value) => settled.push(value))
    await apart.settleNow()
    const single = settled.reduce((sum, { gasUsed }) => sum + gasUsed, 0n)
    assert.equal(settled.length, 3)
    assert.ok(together < single, `${together} gas together, ${single} apart`)
    await Promise.all([service.stop(), apart.stop(), own.stop()])
  })

  it('default: an extension is paid at the same rate, a release gives back what is not needed', async () => {
    const own = consumerOf(consumer)
    const { id } = own.reservations().find(({ status }) => status === 'Active')!
    const before = await own.money(id)
    const extended = await own.extend(id, 5)
    assert.equal(extended.endEpoch, 36)
    assert.equal(extended.deposited, before.deposited + 5n * PRICE)
    const released = await own.release(id)
    // The chain is in epoch 24 by now: what was attested last was 23.
    assert.ok(released.endEpoch! < 36)
    const last = released.endEpoch!
    await finalize(last, { state: 'Vetting' }, consumer)
    const closed = await own.settle(id)
    assert.equal(closed.status, 'Released')
    assert.equal(closed.paid + closed.refunded, closed.deposited)
    await own.stop()
  })

  it('behavior: when attestations stop, the escape closes by the last ratio', async () => {
    const own = consumerOf(consumer)
    const { id, endEpoch } = own.reservations().find(({ status }) => status === 'Active')!
    await assert.rejects(own.escape(id), { reason: 'NotBefore' })
    await world.warp(endEpoch! + 10)
    const open = await own.escape(id)
    assert.equal(open.status, 'Active')
    await assert.rejects(own.escape(id), { reason: 'NotBefore' })
    await world.warp(open.escapeEpoch!)
    const closed = await own.escape(id)
    assert.equal(closed.status, 'Expired')
    // The last settlement had paid every epoch whole, so the rest is paid whole too.
    assert.equal(closed.paid, closed.deposited)
    await own.stop()
  })
})

async function unavailable(): Promise<never> {
  const { MarketError } = await import('../../../src/core/ports/market.ts')
  throw new MarketError('unavailable', 'the chain is away')
}
