/** The provider: its units' backends, what probers may read in them, rights on them, offers, adverts, settlement. */

import { encodeAdvert } from '../../core/advert/advert.ts'
import { createAdvertiser } from '../../core/advert/advertiser.ts'
import type { OfferIntake } from '../../core/advert/offer-intake.ts'
import type { CatalogueService } from '../../core/catalogue/service.ts'
import { secp256k1Scheme } from '../../core/crypto/secp256k1.ts'
import type { Address, Epoch, UnitId } from '../../core/ids.ts'
import { indexRootOf } from '../../core/manifest/object-list.ts'
import type { LeafSource } from '../../core/ports/market.ts'
import type { UnitTerms } from '../../core/units.ts'
import { createGrantService } from '../../provider/grants/grant-service.ts'
import { createIndexService } from '../../provider/grants/index-service.ts'
import type { ServedUnit } from '../../provider/grants/served-unit.ts'
import { createAdmissionService } from '../../provider/registration/admission-service.ts'
import { createOfferService } from '../../provider/registration/offer-service.ts'
import type { SettlementService } from '../../provider/settlement/api.ts'
import { createSettlementService } from '../../provider/settlement/settlement-service.ts'
import { openBackend } from '../backends.ts'
import { ConfigError } from '../config-entry.ts'
import type { Foundation } from '../foundation.ts'
import { readUnitsFile, type UnitEntry } from '../units-file.ts'
import { serveUnit } from './serve-unit.ts'

export interface ProviderRole {
  units: readonly UnitId[]
  settlement: SettlementService
  /** Endpoints that this node serves itself. */
  endpoints: readonly { kind: string; url: string }[]
}

export interface ProviderModules {
  catalogue: CatalogueService
  intake: OfferIntake
  leaves: LeafSource
}

export async function startProvider(
  base: Foundation,
  { catalogue, intake, leaves }: ProviderModules,
  signal: AbortSignal,
): Promise<ProviderRole> {
  const file = base.config.unitsFile
  if (file === undefined)
    throw new ConfigError(
      'missing-value',
      'unitsFile is needed for the role provider: its data units and their backends',
    )
  const entries = readUnitsFile(file)
  const { clock, metrics, market, writer, digests, identity, store, chain, mesh, closing, config } = base
  const { signer } = identity
  const logger = base.logger.child({ part: 'provider' })
  const terms = entries.map((entry) => termsOf(entry, signer.address))
  const served = new Map<UnitId, ServedUnit>()
  const endpoints: { kind: string; url: string }[] = []
  const serving = entries.map(async (entry, i) => {
    const { driver, servedAt } = await openBackend(entry, base)
    if (servedAt !== undefined) endpoints.push({ kind: entry.kind, url: servedAt })
    await serveUnit(base, { entry, terms: terms[i]!, driver }, (unit) => served.set(unit.unitId, unit), signal)
  })
  await Promise.all(serving)

  const rights = {
    ...{ clock, digests, logger, domain: chain.domain, epochClock: chain.clock, signatures: secp256k1Scheme },
    unit: (id: UnitId) => served.get(id),
    isOracle: (node: Address, epoch: Epoch) => chain.view().setAt(Math.max(0, epoch))?.nodes.includes(node) ?? false,
    reservation: (id: bigint) => market.reservation(id),
  }
  closing.add('grants', createGrantService({ ...rights, metrics }).serve(mesh.requests))
  closing.add('object indexes', createIndexService({ ...rights, signer, store }).serve(mesh.requests))

  const advertiser = createAdvertiser({}, { clock, signer, digests })
  const publishAdvert = async (unitId: UnitId) => {
    const unit = served.get(unitId)
    // Nothing to tell of a unit whose backend is off.
    if (!unit) return
    const body = bodyOf(base, unit)
    const { full, sent } = await advertiser.next(unitId, body)
    await catalogue.announce(full, encodeAdvert(sent))
  }
  const offers = createOfferService(
    { units: terms },
    { ...{ clock, market, signer, digests, publishAdvert, logger, metrics }, publishOffer: (o) => intake.publish(o) },
  )
  offers.start()
  closing.add('offers', () => offers.stop())
  const common = { market, writer, leaves, logger, metrics }
  const admission = createAdmissionService({ provider: signer.address }, common)
  admission.start()
  closing.add('admission', () => admission.stop())
  const settlement = createSettlementService(
    { provider: signer.address, minEarned: config.settleMinEarned, maxEpochs: config.settleMaxEpochs },
    { ...common, store },
  )
  await settlement.start()
  closing.add('settlement', () => settlement.stop())
  return { units: offers.unitIds, settlement, endpoints }
}

function termsOf(entry: UnitEntry, provider: UnitTerms['provider']): UnitTerms {
  const { backend: _backend, probeObjects: _probeObjects, ...terms } = entry
  return { ...terms, provider }
}

function bodyOf(base: Foundation, unit: ServedUnit) {
  const onChain = base.market.unit(unit.unitId)
  return {
    node: base.identity.signer.address,
    multiaddrs: base.mesh
      .multiaddrs()
      .slice(0, 8)
      .map((address) => address.replace(/\/p2p\/[^/]+$/, '')),
    objectList: { seq: unit.objects.seq, indexRoot: indexRootOf(unit.objects.objects) },
    freeBytes: onChain ? onChain.terms.capacityBytes - onChain.reservedBytes : 0n,
    capabilities: ['direct', 'read-probe', 'write-probe'] as const,
    availability: 'serving' as const,
  }
}
