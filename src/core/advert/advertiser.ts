/** The provider's side: signs its units' adverts, in full when something changed, as heartbeats otherwise. */
import type { Digests } from '../eip712.ts'
import type { Hash32, UnitId } from '../ids.ts'
import type { Clock } from '../ports/clock.ts'
import type { Signer } from '../ports/signer.ts'
import { asHeartbeat, type SignedAdvert, signAdvert } from './advert.ts'
import type { AdvertBody } from './body.ts'

/** A full advert at least that often, for those who joined between and did not synchronise. */
const FULL_EVERY = 10

export interface AdvertiserOptions {
  /** How long an advert lives. @default 600 s: ten heartbeats of a minute may be lost */
  ttlSeconds?: number
}

export interface AdvertiserPorts {
  clock: Clock
  signer: Signer
  digests: Digests
}

export interface Announcement {
  /** What everyone should have: with body. */
  full: SignedAdvert
  /** What is sent: the same, without its body when that has been sent before. */
  sent: SignedAdvert
}

export interface Advertiser {
  next(unitId: UnitId, body: AdvertBody): Promise<Announcement>
}

interface Last {
  bodyHash: Hash32
  seq: bigint
  heartbeats: number
}

export function createAdvertiser(options: AdvertiserOptions, { clock, signer, digests }: AdvertiserPorts): Advertiser {
  const ttlSeconds = options.ttlSeconds ?? 600
  const last = new Map<UnitId, Last>()
  return {
    async next(unitId, body) {
      const nowMs = clock.now()
      const before = last.get(unitId)
      // Wall-clock milliseconds stay above those of a former run without anything being stored.
      const seq = before !== undefined && before.seq >= BigInt(nowMs) ? before.seq + 1n : BigInt(nowMs)
      const expiresAt = Math.floor(nowMs / 1_000) + ttlSeconds
      const full = await signAdvert(digests, signer, { unitId, seq, expiresAt, body })
      const repeats = before?.bodyHash === full.bodyHash && before.heartbeats + 1 < FULL_EVERY
      last.set(unitId, { bodyHash: full.bodyHash, seq, heartbeats: repeats ? before.heartbeats + 1 : 0 })
      return { full, sent: repeats ? asHeartbeat(full) : full }
    },
  }
}
