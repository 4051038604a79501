/** What consumers, providers and relays share about the market: offers, activation, checked leaves. */
import type { SignedOffer } from '../core/advert/offer.ts'
import type { Address, UnitId } from '../core/ids.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { MarketReader, MarketWriter } from '../core/ports/market.ts'
import type { Metrics } from '../core/ports/metrics.ts'

export interface OfferRelayOptions {
  /** This node. */
  node: Address
  /** Pause between two oracles' turns. @default 4,000 ms: a few blocks, so that the next one sees the first one's */
  stageMs?: number
  /** Offers that wait at the same time; further ones are dropped and come again by gossip. @default 256 */
  queueLength?: number
  /** After that many seconds a failed relay is tried once more, while the offer holds. @default 30 */
  retrySeconds?: number
}

export interface OfferRelayPorts {
  clock: Clock
  market: MarketReader
  writer: MarketWriter
  /** Nodes of the current oracle set: they take turns in an order that the unit's id gives. */
  oracles: () => readonly Address[]
  logger?: Logger
  metrics?: Metrics
}

/** queued: its turn comes; known: on chain or in the queue already; the others say why nothing will happen. */
export type OfferReception = 'queued' | 'known' | 'expired' | 'unregistered-provider' | 'not-an-oracle' | 'full'

export interface OfferRelay {
  /** The offer's signature is checked already, by the validation of its topic. */
  offer(offer: SignedOffer): OfferReception
  /** Resolves once this relay's part in the unit is over: it is on chain, or was given up. For tests and shutdown. */
  settled(unitId: UnitId): Promise<'on-chain' | 'given-up'>
  pending(): number
  stop(): Promise<void>
}
