/** The provider's settlements against the contract's rules: what is paid, when, once, and after restarts. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type LeafSource, MarketError } from '../../../../src/core/ports/market.ts'
import { activateReservation } from '../../../../src/market/activation.ts'
import type { SettlementEvents, SettlementOptions } from '../../../../src/provider/settlement/api.ts'
import { createSettlementService } from '../../../../src/provider/settlement/settlement-service.ts'
import { settle } from '../../../support/market/manual-clock.ts'
import { address, leafOf, MarketTwin, TOKEN, termsOf } from '../../../support/market/market-twin.ts'
import { MemoryStore } from '../../../support/market/memory-store.ts'

const never = new AbortController().signal
const PROVIDER = address(0x50)
const OPERATOR = address(0x51)
const CONSUMER = address(0xc0)
/** Paid 1,000 an epoch: a GiB at the unit's price. */
const GIB = 1n << 30n

async function running(reservations: readonly { epochs: number }[] = [{ epochs: 10 }]) {
  const market = new MarketTwin()
  market.providers.set(PROVIDER, OPERATOR)
  const unitId = market.addUnit(termsOf(PROVIDER))
  const consumer = market.writer(CONSUMER)
  market.finalize(5, [leafOf(unitId, 5)])
  for (const [i, { epochs }] of reservations.entries()) {
    const terms = { unitId, capacityBytes: GIB, epochs, maxPricePerGibEpoch: 1_000n }
    const { id } = await consumer.reserve(terms, `r${i}`, never)
    await activateReservation({ market, writer: consumer, leaves: market.leaves }, id, never)
  }
  market.calls.length = 0
  const store = new MemoryStore()
  const settled: SettlementEvents['settled'][] = []
  const service = (options: Partial<SettlementOptions> = {}, leaves: LeafSource = market.leaves) => {
    const made = createSettlementService(
      { provider: PROVIDER, ...options },
      { market, writer: market.writer(PROVIDER), leaves, store },
    )
    made.on('settled', (value) => settled.push(value))
    return made
  }
  return { market, unitId, store, service, settled }
}

describe('createSettlementService', () => {
  it('default: two epochs later the provider is paid by the leaf', async () => {
    const { market, unitId, service, settled } = await running()
    const made = service()
    await made.start()
    market.finalize(7, [leafOf(unitId, 7, { paidBpsSum: 67_500n })])
    await made.settleNow()
    // 17,500 of 20,000 basis points in two epochs at 1,000 each.
    assert.deepEqual(market.calls, ['settle 7: 1'])
    assert.equal(market.reservation(1n)!.paid, 1_750n)
    assert.equal(market.reservation(1n)!.refunded, 250n)
    assert.equal(market.credits.get(OPERATOR), 1_750n)
    assert.equal(settled[0]?.paid, 1_750n)
    assert.equal(settled[0]?.refunded, 250n)
    await made.stop()
    assert.equal(market.watchers, 0)
  })

  it('behavior: waits until the root is as deep as it has to be', async () => {
    const { market, unitId, service } = await running()
    const made = service()
    await made.start()
    market.attest(7, [leafOf(unitId, 7)])
    await made.settleNow()
    assert.deepEqual(market.calls, [])
    market.mine(2)
    await made.settleNow()
    assert.deepEqual(market.calls, ['settle 7: 1'])
    await made.stop()
  })

  it('behavior: waits for enough earnings, but not for ever', async () => {
    const { market, unitId, service } = await running()
    const made = service({ minEarned: 3_000n, maxEpochs: 5 })
    for (const epoch of [6, 7]) market.finalize(epoch, [leafOf(unitId, epoch)])
    await made.settleNow()
    assert.deepEqual(market.calls, [])
    market.finalize(8, [leafOf(unitId, 8)])
    await made.settleNow()
    assert.deepEqual(market.calls, ['settle 8: 1'])
    // Nothing is earned from here on; what goes back to the consumer does not wait longer than that either.
    for (const epoch of [9, 10, 11, 12]) market.finalize(epoch, [leafOf(unitId, epoch, { paidBpsSum: 80_000n })])
    await made.settleNow()
    assert.equal(market.calls.length, 1)
    market.finalize(13, [leafOf(unitId, 13, { paidBpsSum: 80_000n })])
    await made.settleNow()
    assert.deepEqual(market.calls, ['settle 8: 1', 'settle 13: 1'])
    await made.stop()
  })

  it('behavior: an opened escape is answered at once', async () => {
    const { market, unitId, service } = await running()
    const made = service({ minEarned: 10n ** 9n, maxEpochs: 100 })
    market.finalize(7, [leafOf(unitId, 7)])
    await made.settleNow()
    assert.deepEqual(market.calls, [])
    await market.writer(CONSUMER).openEscape(1n, 'e', never)
    await made.settleNow()
    assert.deepEqual(market.calls, ['openEscape', 'settle 7: 1'])
    assert.equal(market.reservation(1n)!.escapeEpoch, undefined)
    await made.stop()
  })

  it('behavior: the end is settled by the first root behind it, whatever came later', async () => {
    const { market, unitId, service } = await running([{ epochs: 2 }, { epochs: 10 }])
    market.finalize(8, [leafOf(unitId, 8)])
    market.finalize(9, [leafOf(unitId, 9, { paidBpsSum: 0n })])
    const made = service()
    await made.settleNow()
    assert.deepEqual(market.calls, ['settle 8: 1', 'settle 9: 2'])
    assert.equal(market.reservation(1n)!.status, 'Expired')
    assert.equal(market.reservation(1n)!.paid, 2_000n)
    assert.equal(market.reservation(2n)!.paid, 0n)
    assert.equal(market.unit(unitId)!.reservedBytes, GIB)
    await made.stop()
  })

  it('behavior: a restart in the middle has the closing leaf on disk and settles once', async () => {
    const { market, unitId, store, service } = await running([{ epochs: 2 }])
    market.finalize(8, [leafOf(unitId, 8)])
    market.fault = new MarketError('unavailable', 'the chain is away')
    const first = service()
    await first.settleNow()
    await first.stop()
    assert.equal(market.reservation(1n)!.status, 'Active')
    assert.equal(store.size, 1)
    // The state moved on meanwhile: nobody proves epoch 8 any more.
    market.fault = undefined
    market.finalize(9, [leafOf(unitId, 9)])
    const newestOnly: LeafSource = {
      unitProof: async (unit, epoch, signal) =>
        epoch === 9 ? market.leaves.unitProof(unit, epoch, signal) : undefined,
    }
    const second = service({}, newestOnly)
    await second.settleNow()
    await second.settleNow()
    assert.deepEqual(market.calls, ['settle 8: 1', 'settle 8: 1'])
    assert.equal(market.reservation(1n)!.status, 'Expired')
    assert.equal(store.size, 0)
    await second.stop()
  })

  it('behavior: a batch that the contract refuses is halved, so that one does not hold up the others', async () => {
    const { market, unitId, service } = await running([{ epochs: 10 }, { epochs: 10 }, { epochs: 10 }])
    market.finalize(7, [leafOf(unitId, 7)])
    const honest = market.reservations
    // The reader still shows a reservation that its consumer has settled a moment ago.
    const stale = honest({ unitId }).map((r) => ({ ...r }))
    const proof = (await market.leaves.unitProof(unitId, 7, never))!
    await market.writer(CONSUMER).settle({ ...proof, ringPrevEpoch: 5 }, [2n], 'own', never)
    market.calls.length = 0
    const baseline = market.baseline
    market.baseline = async (id) => ({ ...(await baseline(id)), lastEpoch: 5, paidBpsSum: 50_000n })
    market.reservations = () => stale
    const made = service()
    await made.settleNow()
    assert.deepEqual(market.calls, ['settle 7: 1,2,3', 'settle 7: 1,2', 'settle 7: 1', 'settle 7: 2', 'settle 7: 3'])
    assert.deepEqual(
      honest({ unitId }).map(({ paid }) => paid),
      [2_000n, 2_000n, 2_000n],
    )
    await made.stop()
  })

  it('behavior: a leaf that does not prove settles nothing', async () => {
    const { market, unitId, service } = await running()
    market.finalize(7, [leafOf(unitId, 7)])
    const lying: LeafSource = {
      async unitProof(unit, epoch, signal) {
        const proof = (await market.leaves.unitProof(unit, epoch, signal))!
        return { ...proof, leaf: { ...proof.leaf, paidBpsSum: 10n ** 9n } }
      },
    }
    const made = service({}, lying)
    await made.settleNow()
    assert.deepEqual(market.calls, [])
    await made.stop()
  })

  it('behavior: large sums of reservations go in batches', async () => {
    const { market, unitId, service } = await running(Array.from({ length: 5 }, () => ({ epochs: 10 })))
    market.finalize(7, [leafOf(unitId, 7)])
    const made = service({ batchSize: 2 })
    await made.settleNow()
    assert.deepEqual(market.calls, ['settle 7: 1,2', 'settle 7: 3,4', 'settle 7: 5'])
    await made.stop()
  })

  it('behavior: several units go by one multiproof; a refused one is taken out', async () => {
    const { market, unitId, service, settled } = await running()
    const consumer = market.writer(CONSUMER)
    const units = [unitId, ...[2n, 3n].map((nonce) => market.addUnit(termsOf(PROVIDER, { nonce })))]
    const attest = (epoch: number) =>
      market.finalize(
        epoch,
        units.map((unit) => leafOf(unit, epoch)),
      )
    attest(6)
    for (const [i, unit] of units.slice(1).entries()) {
      const terms = { unitId: unit, capacityBytes: GIB, epochs: 10, maxPricePerGibEpoch: 1_000n }
      const { id } = await consumer.reserve(terms, `other ${i}`, never)
      await activateReservation({ market, writer: consumer, leaves: market.leaves }, id, never)
    }
    market.calls.length = 0
    attest(7)
    const made = service()
    await made.settleNow()
    assert.equal(market.calls.length, 1)
    assert.equal(market.calls[0]!.split(';').length, 3)
    assert.deepEqual(settled.map(({ paid }) => paid).sort(), [1_000n, 1_000n, 2_000n])
    // A reservation that the contract will not settle (frozen, say) does not stop the other units.
    market.calls.length = 0
    const settleMany = market.refuseSettling(1n, 'WrongStatus')
    attest(8)
    await made.settleNow()
    assert.equal(market.reservation(2n)!.paid, 2_000n)
    assert.equal(market.reservation(3n)!.paid, 2_000n)
    assert.equal(market.reservation(1n)!.paid, 2_000n)
    settleMany()
    attest(9)
    await made.settleNow()
    assert.equal(market.reservation(1n)!.paid, 4_000n)
    await made.stop()
  })

  it('error: a chain that fails in the middle of a pass is asked again at the next block', async () => {
    const { market, unitId, service } = await running()
    const { baseline } = market
    market.baseline = async () => {
      throw new MarketError('unavailable', 'no answer')
    }
    const made = service()
    await made.start()
    market.finalize(7, [leafOf(unitId, 7)])
    await settle()
    assert.deepEqual(market.calls, [])
    market.baseline = baseline
    market.mine()
    await settle()
    assert.deepEqual(market.calls, ['settle 7: 1'])
    await made.stop()
  })

  it('behavior: accepts held reservations where the provider has to', async () => {
    const { market, unitId, service } = await running([])
    market.changeUnit(unitId, { autoAccept: false })
    const consumer = market.writer(CONSUMER)
    for (const key of ['a', 'b'])
      await consumer.reserve({ unitId, capacityBytes: GIB, epochs: 3, maxPricePerGibEpoch: 1_000n }, key, never)
    const made = service({ accept: (id) => id !== 2n })
    const activated: bigint[] = []
    made.on('activated', ({ reservationId }) => activated.push(reservationId))
    await made.start()
    market.mine()
    await made.settleNow()
    await settle()
    assert.deepEqual(activated, [1n])
    assert.equal(market.reservation(2n)!.status, 'Held')
    await made.stop()
  })

  it('default: figures of earned, pending, refunded, escrow', async () => {
    const { market, unitId, service } = await running()
    market.finalize(7, [leafOf(unitId, 7, { paidBpsSum: 67_500n })])
    const made = service({ minEarned: 10_000n })
    assert.deepEqual(await made.earnings(), [
      { token: TOKEN, earned: 0n, pending: 1_750n, refunded: 0n, escrow: 10_000n, withdrawable: 0n },
    ])
    await service().settleNow()
    assert.deepEqual(await made.earnings(), [
      { token: TOKEN, earned: 1_750n, pending: 0n, refunded: 250n, escrow: 8_000n, withdrawable: 1_750n },
    ])
  })
})
