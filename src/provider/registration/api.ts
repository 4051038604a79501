/** How a provider's unit comes to the market: signed offer, gossip until an oracle registered it, then live adverts. */
import type { SignedOffer } from '../../core/advert/offer.ts'
import type { Digests } from '../../core/eip712.ts'
import type { UnitId } from '../../core/ids.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { Logger } from '../../core/ports/logger.ts'
import type { MarketReader } from '../../core/ports/market.ts'
import type { Metrics } from '../../core/ports/metrics.ts'
import type { Signer } from '../../core/ports/signer.ts'
import type { UnitTerms } from '../../core/units.ts'

export interface OfferServiceOptions {
  /** Terms of the units this node provides; their `provider` is the signer's address. */
  units: readonly UnitTerms[]
  /** Seconds an offer holds before it is signed anew. @default 3,600 */
  offerSeconds?: number
  /** Pause between two publications of an offer that is not on chain yet. @default 5,000 ms */
  offerEveryMs?: number
  /** Pause between two adverts of a unit that is on chain. @default 60,000 ms */
  advertEveryMs?: number
}

export interface OfferServicePorts {
  clock: Clock
  market: MarketReader
  signer: Signer
  digests: Digests
  publishOffer: (offer: SignedOffer) => Promise<void>
  /** Signs and publishes the unit's advert; the service says when. */
  publishAdvert: (unitId: UnitId) => Promise<void>
  logger?: Logger
  metrics?: Metrics
}

export interface OfferService {
  start(): void
  stop(): Promise<void>
  /** Resolves once all units are on chain. */
  registered(signal: AbortSignal): Promise<void>
  readonly unitIds: readonly UnitId[]
}
