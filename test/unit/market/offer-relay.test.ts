/** Seven oracles hear one offer: one pays, the others see it done; what can't be registered is not carried around. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { unitIdOf } from '../../../src/core/eip712.ts'
import { MarketError } from '../../../src/core/ports/market.ts'
import { createOfferRelay, turnOf } from '../../../src/market/offer-relay.ts'
import { ManualClock, settle } from '../../support/market/manual-clock.ts'
import { address, MarketTwin, termsOf } from '../../support/market/market-twin.ts'

const NOW = 1_700_000_000_000
const PROVIDER = address(0x50)
const ORACLES = Array.from({ length: 7 }, (_, i) => address(i + 1))
const offerOf = (nonce = 1n, deadline = NOW / 1000 + 3_600) => ({
  terms: termsOf(PROVIDER, { nonce }),
  deadline,
  signature: new Uint8Array(65),
})

function network(options: { queueLength?: number } = {}) {
  const market = new MarketTwin()
  market.providers.set(PROVIDER, address(0x51))
  const clock = new ManualClock(NOW)
  const relays = ORACLES.map((node) =>
    createOfferRelay(
      { node, stageMs: 1_000, ...options },
      { clock, market, writer: market.writer(node), oracles: () => ORACLES },
    ),
  )
  return { market, clock, relays }
}

describe('turnOf', () => {
  it('default: a permutation of the oracles that differs from unit to unit', () => {
    const orders = [1n, 2n, 3n, 4n].map((nonce) => {
      const turns = ORACLES.map((node) => turnOf(unitIdOf(PROVIDER, nonce), node, ORACLES))
      assert.deepEqual([...turns].sort(), [0, 1, 2, 3, 4, 5, 6])
      return turns.join()
    })
    assert.ok(new Set(orders).size > 1)
  })
  it('error: nobody outside the set has a turn', () =>
    assert.equal(turnOf(unitIdOf(PROVIDER, 1n), PROVIDER, ORACLES), -1))
})

describe('createOfferRelay', () => {
  it('default: one oracle registers, the others find it done', async () => {
    const { market, clock, relays } = network()
    for (const relay of relays) assert.equal(relay.offer(offerOf()), 'queued')
    await clock.runTo(NOW + 10_000)
    assert.deepEqual(market.calls, ['register'])
    assert.equal(clock.pending, 0)
    for (const relay of relays) assert.equal(await relay.settled(unitIdOf(PROVIDER, 1n)), 'on-chain')
  })

  it('behavior: the next in turn steps in when the first one is silent', async () => {
    const { market, clock, relays } = network()
    const first = ORACLES.findIndex((node) => turnOf(unitIdOf(PROVIDER, 1n), node, ORACLES) === 0)
    for (const [i, relay] of relays.entries()) if (i !== first) relay.offer(offerOf())
    await clock.runTo(NOW + 999)
    assert.deepEqual(market.calls, [])
    await clock.runTo(NOW + 1_000)
    assert.deepEqual(market.calls, ['register'])
  })

  it('behavior: a repeated offer changes nothing, before and after the registration', async () => {
    const { clock, relays } = network()
    assert.equal(relays[0]!.offer(offerOf()), 'queued')
    assert.equal(relays[0]!.offer(offerOf()), 'known')
    await clock.runTo(NOW + 10_000)
    assert.equal(relays[0]!.offer(offerOf()), 'known')
  })

  it('behavior: after a restart the repeated offer finds the chain as it is', async () => {
    const { market, clock, relays } = network()
    relays[0]!.offer(offerOf())
    await relays[0]!.stop()
    assert.equal(relays[0]!.pending(), 0)
    const again = createOfferRelay(
      { node: ORACLES[0]!, stageMs: 1_000 },
      { clock, market, writer: market.writer(ORACLES[0]!), oracles: () => ORACLES },
    )
    assert.equal(again.offer(offerOf()), 'queued')
    await clock.runTo(NOW + 10_000)
    assert.deepEqual(market.calls, ['register'])
  })

  it('behavior: a chain that is away is tried once more, later', async () => {
    const { market, clock, relays } = network()
    market.fault = new MarketError('unavailable', 'no answer')
    relays[0]!.offer(offerOf())
    await clock.runTo(NOW + 7_000)
    assert.deepEqual(market.calls, ['register'])
    market.fault = undefined
    await clock.runTo(NOW + 40_000)
    assert.deepEqual(market.calls, ['register', 'register'])
    assert.equal(await relays[0]!.settled(unitIdOf(PROVIDER, 1n)), 'on-chain')
  })

  it('error: what the contract refuses is given up', async () => {
    const { market, clock, relays } = network()
    market.fault = new MarketError('refused', 'no', { reason: 'ProviderBondTooLow' })
    relays[0]!.offer(offerOf())
    const outcome = relays[0]!.settled(unitIdOf(PROVIDER, 1n))
    await clock.runTo(NOW + 60_000)
    assert.equal(await outcome, 'given-up')
    assert.deepEqual(market.calls, ['register'])
  })

  it('error: no place for the expired, for strangers, and beyond the queue', async () => {
    const { market, clock, relays } = network({ queueLength: 1 })
    assert.equal(relays[0]!.offer(offerOf(1n, NOW / 1000 + 5)), 'expired')
    assert.equal(relays[0]!.offer(offerOf(1n)), 'queued')
    assert.equal(relays[0]!.offer(offerOf(2n)), 'full')
    market.providers.delete(PROVIDER)
    assert.equal(relays[1]!.offer(offerOf(1n)), 'unregistered-provider')
    const stranger = createOfferRelay(
      { node: address(99) },
      { clock, market, writer: market.writer(address(99)), oracles: () => ORACLES },
    )
    market.providers.set(PROVIDER, address(0x51))
    assert.equal(stranger.offer(offerOf(3n)), 'not-an-oracle')
  })

  it('behavior: stopping leaves no timer and no listener', async () => {
    const { market, clock, relays } = network()
    for (const relay of relays) relay.offer(offerOf())
    await Promise.all(relays.map((relay) => relay.stop()))
    await settle()
    assert.equal(clock.pending, 0)
    assert.equal(market.watchers, 0)
  })
})
