/** Catalogues on a real mesh: units of one provider key that the test's "chain" knows, LevelDB folders, system time. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type SignedAdvert, signAdvert } from '../../../src/core/advert/advert.ts'
import { advertTopics } from '../../../src/core/advert/topics.ts'
import { type CatalogueService, openCatalogueService } from '../../../src/core/catalogue/service.ts'
import { secp256k1Scheme } from '../../../src/core/crypto/secp256k1.ts'
import { createDigests } from '../../../src/core/eip712.ts'
import type { UnitId } from '../../../src/core/ids.ts'
import { silentLogger } from '../../../src/core/ports/logger.ts'
import { noMetrics } from '../../../src/core/ports/metrics.ts'
import type { RegisteredUnit } from '../../../src/core/units.ts'
import { systemClock } from '../../../src/node/system-ports.ts'
import type { Mesh } from '../../../src/p2p/types.ts'
import { openLevelStore } from '../../../src/storage/level-store.ts'
import { bodyOf, provider, unitOf } from '../../unit/core/advert/fixtures.ts'
import { DOMAIN, type NetworkOptions, startMesh } from './mesh-network.ts'

const digests = createDigests(DOMAIN)

/** Units and their adverts, signed once. */
export interface Market {
  units: ReadonlyMap<UnitId, RegisteredUnit>
  adverts: readonly SignedAdvert[]
}

export async function marketOf(count: number): Promise<Market> {
  const units = Array.from({ length: count }, (_, i) => unitOf(BigInt(i + 1)))
  const adverts: SignedAdvert[] = []
  for (const [i, { id }] of units.entries()) adverts.push(await advertNow(id, BigInt(i)))
  return { units: new Map(units.map((unit) => [unit.id, unit])), adverts }
}

export function advertNow(
  unitId: UnitId,
  freeBytes = 1n,
  seq = BigInt(Date.now()),
  signer = provider,
): Promise<SignedAdvert> {
  const expiresAt = Math.floor(Date.now() / 1_000) + 3_600
  return signAdvert(digests, signer, { unitId, seq, expiresAt, body: bodyOf({ freeBytes }) })
}

export interface CatalogueNode {
  mesh: Mesh
  service: CatalogueService
  /** Peers that the catalogue called liars. */
  liars: string[]
  stop(): Promise<void>
}

export interface CatalogueNodeOptions extends NetworkOptions {
  market: Market
  bootstrap?: readonly string[]
  syncEveryMs?: number
  /** In the catalogue before it starts. */
  held?: readonly SignedAdvert[]
}

export async function startCatalogue(options: CatalogueNodeOptions): Promise<CatalogueNode> {
  const { market, bootstrap = [], held = [], syncEveryMs = 500, ...network } = options
  const mesh = await startMesh(bootstrap, { topics: advertTopics(DOMAIN), ...network })
  const folder = await mkdtemp(join(tmpdir(), 'lightmesh-catalogue-'))
  const store = await openLevelStore(folder)
  const liars: string[] = []
  const service = await openCatalogueService(
    { domain: DOMAIN, syncEveryMs },
    {
      gossip: mesh.gossip,
      requests: mesh.requests,
      store,
      clock: systemClock,
      digests,
      scheme: secp256k1Scheme,
      unit: (id) => market.units.get(id),
      units: () => market.units.values(),
      standing: () => undefined,
      random: (below) => Math.floor(Math.random() * below),
      onLiar(peer) {
        liars.push(peer)
        void mesh.ban(peer, 60_000)
      },
      logger: network.logger ?? silentLogger,
      metrics: network.metrics ?? noMetrics,
    },
  )
  // Heard a minute ago: a newer one is not too soon (A8).
  for (const advert of held) service.catalogue.apply(advert, Date.now() - 60_000)
  service.start()
  return {
    mesh,
    service,
    liars,
    async stop() {
      await service.stop()
      await mesh.stop()
      await store.close()
      await rm(folder, { recursive: true })
    },
  }
}

/** Resolves once the catalogue has heard an advert with this free space of the unit, by gossip. */
export function heard({ service }: CatalogueNode, unitId: UnitId, freeBytes: bigint): Promise<void> {
  return new Promise((resolve) => {
    const stop = service.watch((advert) => {
      if (advert.unitId !== unitId || advert.body?.freeBytes !== freeBytes) return
      stop()
      resolve()
    })
  })
}
