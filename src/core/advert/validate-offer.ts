/** Rules O1–O6 (docs/mesh.md 6): pure, cheap checks first, the signature last. */
import { type Digests, unitIdOf } from '../eip712.ts'
import type { Address, UnitId } from '../ids.ts'
import type { SignatureScheme } from '../ports/signer.ts'
import { CLOCK_TOLERANCE_SECONDS, MAX_OFFER_SECONDS } from './limits.ts'
import { decodeOffer, type SignedOffer } from './offer.ts'
import { ignore, type Judged, type OfferCode, reject } from './verdict.ts'

export interface OfferRules {
  nowMs: number
  /** On chain at this node's head, or waiting at this node already. */
  isKnown(id: UnitId): boolean
  /** Bonded as a provider at this node's head. */
  isProvider(node: Address): boolean
  digests: Digests
  scheme: SignatureScheme
}

export type JudgedOffer = Judged<SignedOffer, OfferCode>

export function validateOffer(bytes: Uint8Array, rules: OfferRules): JudgedOffer {
  let offer: SignedOffer
  try {
    // O1 [REJECT] At most 512 bytes, the one canonical form, every field in its range.
    offer = decodeOffer(bytes)
  } catch {
    return reject('malformed')
  }
  const { terms, deadline } = offer
  // O2 [REJECT] It offers something and promises a share of time, at most all of it.
  const { availabilityPpm } = terms.sla
  if (terms.capacityBytes === 0n || availabilityPpm === 0 || availabilityPpm > 1_000_000) return reject('no-promise')
  // O3 [IGNORE] Its deadline lies ahead, by a day at most.
  const nowSeconds = Math.floor(rules.nowMs / 1_000)
  if (deadline <= nowSeconds) return ignore('expired')
  if (deadline > nowSeconds + MAX_OFFER_SECONDS + CLOCK_TOLERANCE_SECONDS) return ignore('too-far-ahead')
  // O4 [IGNORE] The unit is neither registered nor waiting here.
  if (rules.isKnown(unitIdOf(terms.provider, terms.nonce))) return ignore('known-unit')
  // O5 [IGNORE] The provider is bonded: without that anyone could make everyone carry offers.
  if (!rules.isProvider(terms.provider)) return ignore('unknown-provider')
  // O6 [REJECT] The signature is the provider's.
  if (rules.scheme.recover(rules.digests.dataUnit(terms, deadline), offer.signature) !== terms.provider) {
    return reject('bad-signature')
  }
  return { result: 'accept', message: offer }
}
