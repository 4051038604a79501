/** Activation: the newest root counts, a stale one is followed by the next, what can't run says so. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LeafSource } from '../../../src/core/ports/market.ts'
import { activateReservation } from '../../../src/market/activation.ts'
import { settle } from '../../support/market/manual-clock.ts'
import { address, leafOf, MarketTwin, termsOf } from '../../support/market/market-twin.ts'

const never = new AbortController().signal
const CONSUMER = address(0xc0)

async function held(leaves?: (market: MarketTwin) => LeafSource) {
  const market = new MarketTwin()
  const unitId = market.addUnit(termsOf(address(1)))
  const writer = market.writer(CONSUMER)
  const terms = { unitId, capacityBytes: 1n << 30n, epochs: 10, maxPricePerGibEpoch: 1_000n }
  const { id } = await writer.reserve(terms, 'r', never)
  return { market, unitId, id, modules: { market, writer, leaves: leaves?.(market) ?? market.leaves } }
}

describe('activateReservation', () => {
  it('default: by the leaf under the last accepted root', async () => {
    const { market, unitId, id, modules } = await held()
    market.attest(7, [leafOf(unitId, 7)])
    assert.ok(await activateReservation(modules, id, never))
    const reservation = market.reservation(id)!
    assert.equal(reservation.status, 'Active')
    assert.equal(reservation.lastEpoch, 7)
    assert.equal(reservation.endEpoch, 17)
  })

  it('behavior: waits for a first root, and for a leaf that can be proven', async () => {
    let open = false
    const { market, unitId, id, modules } = await held((twin) => ({
      unitProof: (unit, epoch, signal) =>
        open ? twin.leaves.unitProof(unit, epoch, signal) : Promise.resolve(undefined),
    }))
    const activated = activateReservation(modules, id, never)
    market.attest(7, [leafOf(unitId, 7)])
    await settle()
    assert.equal(market.reservation(id)!.status, 'Held')
    open = true
    market.mine()
    assert.ok(await activated)
  })

  it('behavior: a root that overtakes the transaction is answered with the next leaf', async () => {
    const { market, unitId, id, modules } = await held((twin) => ({
      async unitProof(unit, epoch, signal) {
        const proof = await twin.leaves.unitProof(unit, epoch, signal)
        // The next root is on chain before the transaction is.
        if (epoch === 7) twin.attest(8, [leafOf(unit, 8)])
        return proof
      },
    }))
    market.attest(7, [leafOf(unitId, 7)])
    assert.ok(await activateReservation(modules, id, never))
    assert.equal(market.reservation(id)!.lastEpoch, 8)
    assert.deepEqual(market.calls, ['reserve', 'activate', 'activate'])
  })

  it("behavior: somebody else's activation is as good", async () => {
    const { market, unitId, id, modules } = await held()
    const waiting = activateReservation({ ...modules, leaves: { unitProof: async () => undefined } }, id, never)
    market.attest(7, [leafOf(unitId, 7)])
    await activateReservation(modules, id, never)
    assert.equal(await waiting, undefined)
  })

  it('behavior: a wrong proof is told and never sent', async () => {
    const flaws: string[] = []
    let lie = true
    const { market, unitId, id, modules } = await held((twin) => ({
      async unitProof(unit, epoch, signal) {
        const proof = (await twin.leaves.unitProof(unit, epoch, signal))!
        return lie ? { ...proof, leaf: { ...proof.leaf, paidBpsSum: 0n } } : proof
      },
    }))
    market.attest(7, [leafOf(unitId, 7)])
    const activated = activateReservation({ ...modules, onFlaw: (flaw) => flaws.push(flaw) }, id, never)
    await settle()
    assert.deepEqual(flaws, ['wrong-proof'])
    assert.deepEqual(market.calls, ['reserve'])
    lie = false
    market.mine()
    assert.ok(await activated)
  })

  it('error: a unit that is attested as suspended', async () => {
    const { market, unitId, id, modules } = await held()
    market.attest(7, [leafOf(unitId, 7, { state: 'Suspended' })])
    await assert.rejects(activateReservation(modules, id, never), { code: 'not-admitted' })
  })

  it('error: a reservation that was cancelled, or never was', async () => {
    const { modules, id } = await held()
    const waiting = assert.rejects(activateReservation(modules, id, never), { code: 'not-held' })
    await modules.writer.cancel(id, 'c', never)
    await waiting
    await assert.rejects(activateReservation(modules, 99n, never), { code: 'unknown-reservation' })
  })

  it('error: the abort reason, and no listener stays', async () => {
    const { market, id, modules } = await held()
    const abort = new AbortController()
    const waiting = activateReservation(modules, id, abort.signal)
    await settle()
    abort.abort(new Error('enough'))
    await assert.rejects(waiting, /enough/)
    assert.equal(market.watchers, 0)
  })
})
