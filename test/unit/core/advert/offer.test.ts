import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_OFFER_BYTES, MAX_OFFER_SECONDS } from '../../../../src/core/advert/limits.ts'
import { decodeOffer, encodeOffer, type SignedOffer, signOffer } from '../../../../src/core/advert/offer.ts'
import { type OfferRules, validateOffer } from '../../../../src/core/advert/validate-offer.ts'
import { CodecError } from '../../../../src/core/canonical-cbor.ts'
import { digests, NOW, provider, scheme, signerOf, termsOf } from './fixtures.ts'

const DEADLINE = NOW / 1_000 + 3_600
const offerOf = (changes: Parameters<typeof termsOf>[1] = {}, deadline = DEADLINE, signer = provider) =>
  signOffer(digests, signer, termsOf(1n, changes), deadline)

function judge(offer: SignedOffer | Uint8Array, rules: Partial<OfferRules> = {}): string {
  const bytes = offer instanceof Uint8Array ? offer : encodeOffer(offer)
  const judged = validateOffer(bytes, {
    nowMs: NOW,
    isKnown: () => false,
    isProvider: (node) => node === provider.address,
    digests,
    scheme,
    ...rules,
  })
  return judged.result === 'accept' ? 'accept' : `${judged.result} ${judged.code}`
}

describe('offers', () => {
  it('default', async () => {
    const offer = await offerOf()
    const again = decodeOffer(encodeOffer(offer))
    assert.deepEqual(again, { ...offer, signature: Uint8Array.from(again.signature) })
    assert.equal(judge(offer), 'accept')
  })

  it('behavior: the largest terms fit and survive', async () => {
    const max64 = (1n << 64n) - 1n
    const offer = await offerOf({
      nonce: max64,
      region: 'é'.repeat(16),
      capacityBytes: max64,
      pricePerGibEpoch: (1n << 128n) - 1n,
      egressBytesPerEpoch: max64,
      sla: { availabilityPpm: 2 ** 32 - 1, ttfbP95Ms: 2 ** 32 - 1, downP10Kbps: 2 ** 32 - 1, upP10Kbps: 2 ** 32 - 1 },
    })
    const bytes = encodeOffer(offer)
    assert.ok(bytes.length <= MAX_OFFER_BYTES)
    assert.deepEqual(decodeOffer(bytes).terms, offer.terms)
  })

  it('error: O1 malformed, a region that is too long or holds a zero', async () => {
    assert.equal(judge(Uint8Array.of(0x80)), 'reject malformed')
    const offer = await offerOf()
    for (const region of ['é'.repeat(17), 'a\0b']) {
      assert.throws(() => decodeOffer(encodeOffer({ ...offer, terms: { ...offer.terms, region } })), CodecError)
    }
  })

  it('error: O2 nothing offered or promised', async () => {
    const sla = (availabilityPpm: number) => ({ ...termsOf(1n).sla, availabilityPpm })
    assert.equal(judge(await offerOf({ capacityBytes: 0n })), 'reject no-promise')
    assert.equal(judge(await offerOf({ sla: sla(0) })), 'reject no-promise')
    assert.equal(judge(await offerOf({ sla: sla(1_000_001) })), 'reject no-promise')
    assert.equal(judge(await offerOf({ sla: sla(1_000_000) })), 'accept')
  })

  it('error: O3 too late or too early', async () => {
    assert.equal(judge(await offerOf({}, NOW / 1_000)), 'ignore expired')
    assert.equal(judge(await offerOf({}, NOW / 1_000 + MAX_OFFER_SECONDS + 31)), 'ignore too-far-ahead')
  })

  it('error: O4, O5 a known unit, a provider without a bond', async () => {
    assert.equal(judge(await offerOf(), { isKnown: () => true }), 'ignore known-unit')
    assert.equal(judge(await offerOf(), { isProvider: () => false }), 'ignore unknown-provider')
  })

  it('error: O6 signed by somebody else, or changed afterwards', async () => {
    assert.equal(judge(await offerOf({}, DEADLINE, signerOf(2))), 'reject bad-signature')
    const offer = await offerOf()
    const terms = { ...offer.terms, pricePerGibEpoch: 1n }
    assert.equal(judge({ ...offer, terms }), 'reject bad-signature')
  })
})
