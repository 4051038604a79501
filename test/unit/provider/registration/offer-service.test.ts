/** Offers are repeated until the unit is on chain, adverts from then on; signatures are the contract's. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SignedOffer } from '../../../../src/core/advert/offer.ts'
import { createSigner, secp256k1Scheme } from '../../../../src/core/crypto/secp256k1.ts'
import { createDigests } from '../../../../src/core/eip712.ts'
import type { UnitId } from '../../../../src/core/ids.ts'
import { createAdmissionService } from '../../../../src/provider/registration/admission-service.ts'
import { createOfferService } from '../../../../src/provider/registration/offer-service.ts'
import { ManualClock, settle } from '../../../support/market/manual-clock.ts'
import { address, leafOf, MarketTwin, termsOf } from '../../../support/market/market-twin.ts'

const NOW = 1_700_000_000_000
const signer = createSigner(new Uint8Array(32).fill(7))
const digests = createDigests({ chainId: 31_337, orchestrator: address(0xaa) })

function provider(nonces: readonly bigint[] = [1n]) {
  const market = new MarketTwin()
  market.providers.set(signer.address, address(0x51))
  const clock = new ManualClock(NOW)
  const offers: SignedOffer[] = []
  const adverts: { at: number; unitId: UnitId }[] = []
  const service = createOfferService(
    { units: nonces.map((nonce) => termsOf(signer.address, { nonce })), offerEveryMs: 5_000, offerSeconds: 60 },
    {
      clock,
      market,
      signer,
      digests,
      publishOffer: async (offer) => void offers.push(offer),
      publishAdvert: async (unitId) => void adverts.push({ at: clock.now(), unitId }),
    },
  )
  return { market, clock, offers, adverts, service }
}

describe('createOfferService', () => {
  it('default: repeated until registered, advertised from then on', async () => {
    const { market, clock, offers, adverts, service } = provider()
    service.start()
    await clock.runTo(NOW + 12_000)
    assert.equal(offers.length, 3)
    const { terms, deadline, signature } = offers[0]!
    assert.equal(secp256k1Scheme.recover(digests.dataUnit(terms, deadline), signature), signer.address)
    const registered = service.registered(new AbortController().signal)
    market.addUnit(terms)
    await registered
    await clock.runTo(NOW + 12_000 + 121_000)
    assert.equal(offers.length, 3)
    assert.deepEqual(
      adverts.map(({ at }) => at - NOW),
      [12_000, 72_000, 132_000],
    )
    await service.stop()
    assert.equal(clock.pending, 0)
    assert.equal(market.watchers, 0)
  })

  it('behavior: the same bytes while they hold for long enough, then signed anew', async () => {
    const { clock, offers, service } = provider()
    service.start()
    await clock.runTo(NOW + 60_000)
    const deadlines = [...new Set(offers.map(({ deadline }) => deadline - NOW / 1000))]
    assert.deepEqual(deadlines, [60, 105])
    assert.deepEqual(offers[0]!.signature, offers[1]!.signature)
    for (const [i, { deadline }] of offers.entries()) assert.ok(deadline * 1000 > NOW + 5_000 * i)
    await service.stop()
  })

  it('behavior: a retired unit is not advertised', async () => {
    const { market, clock, adverts, service } = provider()
    market.addUnit(termsOf(signer.address), { status: 'Retired' })
    service.start()
    await clock.runTo(NOW + 200_000)
    assert.deepEqual(adverts, [])
    assert.equal(clock.pending, 0)
    await service.stop()
  })

  it('error: terms of another key, and one unit twice', () => {
    const options = { units: [termsOf(address(1))] }
    const ports = {
      ...provider(),
      clock: new ManualClock(NOW),
      signer,
      digests,
      publishOffer: settle,
      publishAdvert: settle,
    }
    assert.throws(() => createOfferService(options, ports), { code: 'wrong-provider' })
    assert.throws(() => provider([3n, 3n]), { code: 'duplicate-unit' })
  })
})

describe('createAdmissionService', () => {
  it('default: applies the first leaf that lets the unit in, once', async () => {
    const market = new MarketTwin()
    const unitId = market.addUnit(termsOf(signer.address), { status: 'Pending', attestedState: 'Pending' })
    const foreign = market.addUnit(termsOf(address(9)), { status: 'Pending', attestedState: 'Pending' })
    const service = createAdmissionService(
      { provider: signer.address },
      { market, writer: market.writer(signer.address), leaves: market.leaves },
    )
    service.start()
    market.finalize(3, [leafOf(unitId, 3, { state: 'Pending' }), leafOf(foreign, 3, { state: 'Vetting' })])
    await settle()
    assert.deepEqual(market.calls, [])
    market.finalize(4, [leafOf(unitId, 4, { state: 'Vetting' }), leafOf(foreign, 4, { state: 'Vetting' })])
    await settle()
    assert.deepEqual(market.calls, ['applyState'])
    assert.equal(market.unit(unitId)!.attestedState, 'Vetting')
    assert.equal(market.unit(foreign)!.attestedState, 'Pending')
    market.finalize(5, [leafOf(unitId, 5, { state: 'Active' }), leafOf(foreign, 5, { state: 'Vetting' })])
    await settle()
    assert.deepEqual(market.calls, ['applyState'])
    await service.stop()
    assert.equal(market.watchers, 0)
  })

  it('behavior: a unit that was suspended comes back', async () => {
    const market = new MarketTwin()
    const unitId = market.addUnit(termsOf(signer.address), { attestedState: 'Suspended', stateEpoch: 2 })
    const service = createAdmissionService(
      { provider: signer.address },
      { market, writer: market.writer(signer.address), leaves: market.leaves },
    )
    service.start()
    market.finalize(3, [leafOf(unitId, 3, { state: 'Active' })])
    await settle()
    assert.equal(market.unit(unitId)!.attestedState, 'Active')
    await service.stop()
  })
})
