/** Names of the topics of adverts and offers, and what they carry. */
import type { Domain } from '../eip712.ts'
import type { UnitId } from '../ids.ts'
import { networkName } from '../network.ts'
import { ADVERT_SHARDS, MAX_ADVERT_BYTES, MAX_OFFER_BYTES } from './limits.ts'

/** 0 … ADVERT_SHARDS − 1, by the first byte of the id (a hash, so shards are of one size). */
export function shardOf(unitId: UnitId): number {
  return Number.parseInt(unitId.slice(2, 4), 16) % ADVERT_SHARDS
}

export function advertTopic(domain: Domain, shard: number): string {
  return networkName(domain, `advert/${shard}`)
}

export function offerTopic(domain: Domain): string {
  return networkName(domain, 'offer')
}

/** As the mesh wants them; rates are of a network of some ten thousand units with a heartbeat a minute in bursts. */
export function advertTopics(domain: Domain): { name: string; maxMessageBytes: number; messagesPerSecond: number }[] {
  const shards = Array.from({ length: ADVERT_SHARDS }, (_, shard) => ({
    name: advertTopic(domain, shard),
    maxMessageBytes: MAX_ADVERT_BYTES,
    messagesPerSecond: 50,
  }))
  return [...shards, { name: offerTopic(domain), maxMessageBytes: MAX_OFFER_BYTES, messagesPerSecond: 5 }]
}
