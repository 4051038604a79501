/** A provider that serves one real unit, with an oracle and a consumer that ask it: no chain, no network between the nodes. */
import { createHash, randomBytes } from 'node:crypto'
import { createSigner, secp256k1Scheme } from '../../src/core/crypto/secp256k1.ts'
import { createDigests, type Domain, unitIdOf } from '../../src/core/eip712.ts'
import { createGrantClient } from '../../src/core/grants/grant-client.ts'
import { createIndexClient } from '../../src/core/grants/index-client.ts'
import type { Address } from '../../src/core/ids.ts'
import { ZERO_ADDRESS, ZERO_HASH } from '../../src/core/ids.ts'
import { signObjectList } from '../../src/core/manifest/object-list.ts'
import type { KeyValueStore } from '../../src/core/ports/key-value-store.ts'
import type { MarketReservation } from '../../src/core/ports/market.ts'
import type { StorageDriver } from '../../src/core/ports/storage.ts'
import type { RegisteredUnit } from '../../src/core/units.ts'
import { createGrantService, type GrantServiceOptions } from '../../src/provider/grants/grant-service.ts'
import { createIndexService } from '../../src/provider/grants/index-service.ts'
import { seedProbeObjects } from '../../src/provider/grants/probe-objects.ts'
import type { ServedUnit } from '../../src/provider/grants/served-unit.ts'
import { MapStore } from './map-store.ts'
import { RequestsLoop } from './requests-loop.ts'

const signerOf = (name: string) => createSigner(createHash('sha256').update(`lightmesh test ${name}`).digest())
const domain: Domain = { chainId: 31_337, orchestrator: `0x${'ab'.repeat(20)}` as Address }
/** Several units may be served from one store: each has objects of its own. */
let nextSeq = 1n
export const rng = { bytes: (length: number) => new Uint8Array(randomBytes(length)) }

export interface ServeOptions extends GrantServiceOptions {
  /** Unix ms. @default the system's */
  now?: () => number
  /** The provider's. @default a map */
  store?: KeyValueStore
}

/** The unit's provider, an oracle in the set, a consumer with reservation 1 of 1 MiB in epochs up to `endEpoch`. */
export async function serveUnit(
  driver: StorageDriver,
  { now = Date.now, store = new MapStore(), ...options }: ServeOptions = {},
) {
  const [provider, oracle, consumer, stranger] = ['provider', 'oracle', 'consumer', 'stranger'].map(signerOf) as [
    ReturnType<typeof signerOf>,
    ReturnType<typeof signerOf>,
    ReturnType<typeof signerOf>,
    ReturnType<typeof signerOf>,
  ]
  const clock = { now, schedule: () => () => {} }
  const digests = createDigests(domain)
  const epochClock = { genesis: Math.floor(now() / 1000) - 600, epochSeconds: 60 }
  const epoch = 10
  const unitId = unitIdOf(provider.address, 1n)
  const unit: RegisteredUnit = {
    id: unitId,
    operator: ZERO_ADDRESS,
    status: 'Active',
    termsHash: ZERO_HASH,
    terms: {
      provider: provider.address,
      nonce: 1n,
      kind: driver.kind,
      region: 'test',
      token: ZERO_ADDRESS,
      capacityBytes: 1n << 30n,
      pricePerGibEpoch: 1n,
      egressBytesPerEpoch: 1n << 30n,
      sla: { availabilityPpm: 999_000, ttfbP95Ms: 0, downP10Kbps: 0, upP10Kbps: 0 },
    },
  }
  const reservation: MarketReservation = {
    id: 1n,
    unitId,
    consumer: consumer.address,
    token: ZERO_ADDRESS,
    status: 'Active',
    capacityBytes: 1n << 20n,
    epochs: 20,
    ratePerEpoch: 1n,
    deposited: 20n,
    lastEpoch: 5,
    endEpoch: 25,
    paid: 0n,
    refunded: 0n,
  }
  const list = await seedProbeObjects(driver, rng, { unitId, seq: nextSeq++, count: 3, bytes: 200_000 })
  const served: ServedUnit = { unitId, driver, objects: await signObjectList(digests, provider, list) }
  const reservations = new Map([[1n, reservation]])
  const loop = new RequestsLoop()
  const service = createGrantService(
    {
      clock,
      epochClock,
      domain,
      digests,
      signatures: secp256k1Scheme,
      unit: (id) => (id === unitId ? served : undefined),
      isOracle: (address: Address) => address === oracle.address,
      reservation: (id) => reservations.get(id),
    },
    options,
  )
  const indexes = createIndexService({
    clock,
    epochClock,
    domain,
    digests,
    signatures: secp256k1Scheme,
    signer: provider,
    unit: (id) => (id === unitId ? served : undefined),
    isOracle: (address: Address) => address === oracle.address,
    reservation: (id) => reservations.get(id),
    store,
  })
  const stopGrants = service.serve(loop.at(provider.address))
  const stopIndexes = indexes.serve(loop.at(provider.address))
  const stop = () => {
    stopGrants()
    stopIndexes()
  }
  const indexClientOf = (signer: typeof oracle) =>
    createIndexClient({
      requests: loop.at(signer.address),
      signatures: secp256k1Scheme,
      digests,
      domain,
      consumer: signer.address,
      providerOf: (id) => (reservations.has(id) ? { provider: provider.address, node: provider.address } : undefined),
    })
  const clientOf = (signer: typeof oracle) =>
    createGrantClient({
      requests: loop.at(signer.address),
      signer,
      signatures: secp256k1Scheme,
      digests,
      domain,
      clock,
      epochClock,
      unitOf: (id) => (reservations.has(id) ? unit : undefined),
    })
  return {
    provider,
    oracle,
    consumer,
    stranger,
    unit,
    served,
    service,
    reservations,
    epoch,
    epochClock,
    clock,
    digests,
    loop,
    store,
    stop,
    clientOf,
    indexClientOf,
  }
}
