/** Rules A1–A11 (docs/mesh.md 6): pure, cheap checks first, the signature last. */
import type { Digests } from '../eip712.ts'
import type { UnitId } from '../ids.ts'
import type { SignatureScheme } from '../ports/signer.ts'
import type { RegisteredUnit } from '../units.ts'
import { decodeAdvert, type SignedAdvert } from './advert.ts'
import { bodyHashOf, encodeBody } from './body.ts'
import { CLOCK_TOLERANCE_SECONDS, MAX_ADVERT_SECONDS, MIN_ADVERT_INTERVAL_MS } from './limits.ts'
import { shardOf } from './topics.ts'
import { type AdvertCode, ignore, type Judged, reject } from './verdict.ts'

/** What is known of a unit's last accepted advert. */
export interface KnownAdvert {
  seq: bigint
  expiresAt: number
  bodyHash: SignedAdvert['bodyHash']
  /** Unix ms. */
  heardAtMs: number
  /** `undefined`: only heartbeats of this body were heard. */
  body: SignedAdvert['body']
}

export interface AdvertRules {
  nowMs: number
  /** Of the topic that carried it; `undefined` outside gossip, where no topic and no rate apply. */
  shard: number | undefined
  /** At this node's head. */
  unit(id: UnitId): Pick<RegisteredUnit, 'terms' | 'status'> | undefined
  known(id: UnitId): KnownAdvert | undefined
  digests: Digests
  scheme: SignatureScheme
}

export type JudgedAdvert = Judged<SignedAdvert, AdvertCode>

export function validateAdvert(bytes: Uint8Array, rules: AdvertRules): JudgedAdvert {
  let advert: SignedAdvert
  try {
    // A1 [REJECT] At most 2,048 bytes, the one canonical form, every field in its range.
    advert = decodeAdvert(bytes)
  } catch {
    return reject('malformed')
  }
  return judgeAdvert(advert, rules)
}

/** Rules A2–A11, for an advert that is decoded already. */
export function judgeAdvert(advert: SignedAdvert, rules: AdvertRules): JudgedAdvert {
  // A2 [REJECT] The topic is the unit's shard.
  if (rules.shard !== undefined && shardOf(advert.unitId) !== rules.shard) return reject('wrong-topic')
  // A3 [REJECT] A body hashes to `bodyHash`.
  if (advert.body !== undefined && bodyHashOf(encodeBody(advert.body)) !== advert.bodyHash) return reject('body-hash')
  return checkAgainstChain(advert, rules)
}

function checkAgainstChain(advert: SignedAdvert, rules: AdvertRules): JudgedAdvert {
  // A4 [IGNORE] The unit is registered at our head: whoever is ahead of us is not at fault.
  const unit = rules.unit(advert.unitId)
  if (unit === undefined) return ignore('unknown-unit')
  // A5 [IGNORE] and not retired.
  if (unit.status === 'Retired') return ignore('retired-unit')
  // A6 [IGNORE] It has not expired, and does not outlive what an advert may live; clocks differ, so nobody is blamed.
  const nowSeconds = Math.floor(rules.nowMs / 1_000)
  if (advert.expiresAt <= nowSeconds) return ignore('expired')
  if (advert.expiresAt > nowSeconds + MAX_ADVERT_SECONDS + CLOCK_TOLERANCE_SECONDS) return ignore('too-far-ahead')
  // A7 [IGNORE] Its sequence number is above the last one's, or it brings the body that was missing.
  const known = rules.known(advert.unitId)
  const order = known === undefined ? 'newer' : orderOf(advert, known)
  if (order === 'older') return ignore('stale')
  // A8 [IGNORE] At least two seconds have passed since the last one was heard.
  const soon = known !== undefined && rules.nowMs - known.heardAtMs < MIN_ADVERT_INTERVAL_MS
  if (rules.shard !== undefined && soon && order === 'newer') return ignore('too-soon')
  // A9 [REJECT] The signature is the provider's.
  if (rules.scheme.recover(rules.digests.advert(advert), advert.signature) !== unit.terms.provider) {
    return reject('bad-signature')
  }
  // A7, continued [IGNORE] Two different adverts of one sequence number: the author's fault, not the forwarder's.
  if (order === 'other') return { result: 'ignore', code: 'equivocation', message: advert }
  return checkBody(advert, unit.terms)
}

function checkBody(advert: SignedAdvert, terms: RegisteredUnit['terms']): JudgedAdvert {
  if (advert.body !== undefined) {
    // A10 [REJECT] The body names the provider's own node.
    if (advert.body.node !== terms.provider) return reject('wrong-node')
    // A11 [IGNORE] No more is free than the unit's capacity, which may just have grown.
    if (advert.body.freeBytes > terms.capacityBytes) return ignore('free-above-capacity')
  }
  return { result: 'accept', message: advert }
}

/** other: the same sequence number on something else. */
function orderOf(advert: SignedAdvert, known: KnownAdvert): 'newer' | 'older' | 'other' {
  if (advert.seq !== known.seq) return advert.seq > known.seq ? 'newer' : 'older'
  if (advert.expiresAt !== known.expiresAt || advert.bodyHash !== known.bodyHash) return 'other'
  return known.body === undefined && advert.body !== undefined ? 'newer' : 'older'
}
