/** The offer topic: validates, then hands on to whoever relays (docs/mesh.md 6). */
import type { Domain } from '../eip712.ts'
import type { Clock } from '../ports/clock.ts'
import type { Gossip, Verdict } from '../ports/gossip.ts'
import { encodeOffer, type SignedOffer } from './offer.ts'
import { offerTopic } from './topics.ts'
import { type OfferRules, validateOffer } from './validate-offer.ts'

export interface OfferIntakePorts extends Omit<OfferRules, 'nowMs'> {
  gossip: Gossip
  clock: Clock
  /** A valid offer, heard or published here; the relay decides whether it is its turn. Must not throw. */
  onOffer(offer: SignedOffer): void
}

export interface OfferIntake {
  publish(offer: SignedOffer): Promise<void>
  stop(): void
}

export function createOfferIntake(domain: Domain, ports: OfferIntakePorts): OfferIntake {
  const topic = offerTopic(domain)
  const stop = ports.gossip.subscribe(topic, ({ data }): Verdict => {
    const judged = validateOffer(data, { ...ports, nowMs: ports.clock.now() })
    if (judged.result !== 'accept') return { result: judged.result, code: judged.code }
    ports.onOffer(judged.message)
    return { result: 'accept' }
  })
  return {
    stop,
    async publish(offer) {
      // The own oracle hears it too: with a single node in reach it is the one that registers the unit.
      ports.onOffer(offer)
      await ports.gossip.publish(topic, encodeOffer(offer))
    },
  }
}
