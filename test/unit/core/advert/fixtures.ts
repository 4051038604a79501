/** A provider, its unit and its adverts, with the real key and digests. */
import { type AdvertDraft, type SignedAdvert, signAdvert } from '../../../../src/core/advert/advert.ts'
import type { AdvertBody } from '../../../../src/core/advert/body.ts'
import type { AdvertRules } from '../../../../src/core/advert/validate-advert.ts'
import { createSigner, secp256k1Scheme } from '../../../../src/core/crypto/secp256k1.ts'
import { createDigests, type Domain, unitIdOf } from '../../../../src/core/eip712.ts'
import { type Address, type Hash32, hexToBytes, type UnitId } from '../../../../src/core/ids.ts'
import type { RegisteredUnit, UnitTerms } from '../../../../src/core/units.ts'

export const DOMAIN: Domain = { chainId: 31337, orchestrator: '0x5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f' }
export const digests = createDigests(DOMAIN)
export const scheme = secp256k1Scheme
/** Unix ms. */
export const NOW = 1_800_000_000_000

/** The n-th key of the tests. */
export function signerOf(n: number) {
  return createSigner(hexToBytes(`0x${n.toString(16).padStart(64, '0')}`))
}

export const provider = signerOf(1)

export function termsOf(nonce: bigint, changes: Partial<UnitTerms> = {}): UnitTerms {
  return {
    provider: provider.address,
    nonce,
    kind: 's3',
    region: 'eu-west-1',
    token: '0x00000000000000000000000000000000000000aa',
    capacityBytes: 1n << 40n,
    pricePerGibEpoch: 1_000n,
    egressBytesPerEpoch: 1n << 30n,
    sla: { availabilityPpm: 999_000, ttfbP95Ms: 200, downP10Kbps: 10_000, upP10Kbps: 5_000 },
    ...changes,
  }
}

export function unitOf(
  nonce: bigint,
  changes: Partial<RegisteredUnit> = {},
  terms: Partial<UnitTerms> = {},
): RegisteredUnit {
  const full = termsOf(nonce, terms)
  const operator: Address = '0x00000000000000000000000000000000000000bb'
  return {
    id: unitIdOf(full.provider, nonce),
    terms: full,
    operator,
    status: 'Active',
    termsHash: `0x${'cc'.repeat(32)}`,
    ...changes,
  } as RegisteredUnit
}

export function bodyOf(changes: Partial<AdvertBody> = {}): AdvertBody {
  return {
    node: provider.address,
    multiaddrs: ['/ip4/127.0.0.1/tcp/4001'],
    objectList: { seq: 3n, indexRoot: `0x${'ab'.repeat(32)}` as Hash32 },
    freeBytes: 1n << 39n,
    capabilities: ['direct', 'read-probe'],
    availability: 'serving',
    ...changes,
  }
}

export function advertOf(unitId: UnitId, changes: Partial<AdvertDraft> = {}, signer = provider): Promise<SignedAdvert> {
  return signAdvert(digests, signer, { unitId, seq: 10n, expiresAt: NOW / 1_000 + 600, body: bodyOf(), ...changes })
}

/** Rules under which the unit of nonce 1 is registered and nothing was heard. */
export function rulesOf(
  changes: Partial<AdvertRules> = {},
  units: readonly RegisteredUnit[] = [unitOf(1n)],
): AdvertRules {
  const byId = new Map(units.map((unit) => [unit.id, unit]))
  return {
    nowMs: NOW,
    shard: undefined,
    unit: (id) => byId.get(id),
    known: () => undefined,
    digests,
    scheme,
    ...changes,
  }
}
