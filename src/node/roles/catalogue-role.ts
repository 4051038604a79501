/** Hearing the market: adverts into the catalogue, offers to the relay. Every node does it, whatever its roles. */
import type { SignedOffer } from '../../core/advert/offer.ts'
import { createOfferIntake, type OfferIntake } from '../../core/advert/offer-intake.ts'
import { type CatalogueService, openCatalogueService } from '../../core/catalogue/service.ts'
import { secp256k1Scheme } from '../../core/crypto/secp256k1.ts'
import type { UnitId } from '../../core/ids.ts'
import type { UnitLeaf } from '../../core/leaves.ts'
import type { Foundation } from '../foundation.ts'
import { randomBelow } from '../system-ports.ts'

/** What a node says when a peer served adverts that no honest node has. */
const LIAR_BAN_MS = 600_000

export async function startCatalogue(
  base: Foundation,
  leafOf: (id: UnitId) => UnitLeaf | undefined,
): Promise<CatalogueService> {
  const { mesh, store, clock, digests, market, metrics, chain, closing } = base
  const logger = base.logger.child({ part: 'catalogue' })
  const catalogue = await openCatalogueService(
    { domain: chain.domain },
    {
      ...{ gossip: mesh.gossip, requests: mesh.requests, store, clock, digests, logger, metrics },
      scheme: secp256k1Scheme,
      unit: (id) => market.unit(id),
      units: () => market.units(),
      standing: leafOf,
      random: (below) => randomBelow(base.rng, below),
      onLiar: (peer) => void mesh.ban(peer, LIAR_BAN_MS),
    },
  )
  catalogue.start()
  closing.add('catalogue', () => catalogue.stop())
  return catalogue
}

export function startOfferIntake(base: Foundation, onOffer: (offer: SignedOffer) => void): OfferIntake {
  const { mesh, clock, digests, market, chain, closing } = base
  const intake = createOfferIntake(chain.domain, {
    ...{ gossip: mesh.gossip, clock, digests, onOffer },
    scheme: secp256k1Scheme,
    isKnown: (id) => market.unit(id) !== undefined,
    isProvider: (node) => market.operatorOf(node) !== undefined,
  })
  closing.add('offer intake', () => intake.stop())
  return intake
}
