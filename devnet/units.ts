/** What the devnet's three providers offer. */
import { unitIdOf } from '../src/core/eip712.ts'
import type { Address } from '../src/core/ids.ts'
import { DEVNET_PARAMS } from '../src/core/params.ts'
import type { UnitPlan } from './node-folder.ts'
import type { AzureServer } from './servers/azurite.ts'
import { S3_REGION, type S3Backend } from './servers/s3.ts'

const GIB = 2n ** 30n

/** The same promise for all: what a laptop keeps even while it compiles something. */
const SLA = { availabilityPpm: 990_000, ttfbP95Ms: 1_000, downP10Kbps: 1_000, upP10Kbps: 0 }

/** Epoch of the day at which every unit's day closes: all of them early, and again after the default run's misbehaviour. */
const CLOSING_EPOCH = 2

/** A unit's day closes at `unitId mod epochsPerDay`, and its nonce is free: scores of one run are then of the same days. */
function nonceOf(provider: Address): bigint {
  for (let nonce = 1n; ; nonce++) {
    if (BigInt(unitIdOf(provider, nonce)) % BigInt(DEVNET_PARAMS.epochsPerDay) === BigInt(CLOSING_EPOCH)) return nonce
  }
}

/** What every unit needs to know of its network. */
export interface UnitPlace {
  token: string
  /** Node key address. */
  provider: Address
}

function terms(kind: string, { token, provider }: UnitPlace, region: string) {
  return {
    nonce: `${nonceOf(provider)}`,
    kind,
    region,
    token,
    capacityBytes: `${16n * GIB}`,
    pricePerGibEpoch: `${10n ** 16n}`,
    egressBytesPerEpoch: `${GIB}`,
    sla: SLA,
    probeObjects: { count: 4, bytes: 262_144 },
  }
}

/** @param endpoint of the proxy in front of the server. */
export function s3Unit(place: UnitPlace, server: S3Backend, endpoint: string, bucket: string): UnitPlan {
  const { accessKeyId, secretAccessKey } = server
  const backend = { kind: 's3', endpoint, region: S3_REGION, bucket, credentialsFile: 'backend.json' }
  return { unit: { ...terms('s3', place, 'devnet-east'), backend }, credentials: { accessKeyId, secretAccessKey } }
}

export function azureUnit(place: UnitPlace, server: AzureServer, container: string): UnitPlan {
  const { endpoint, accountName, accountKey } = server
  const backend = { kind: 'azure', endpoint, account: accountName, container, credentialsFile: 'backend.json' }
  return { unit: { ...terms('azure-blob', place, 'devnet-west'), backend }, credentials: { accountKey } }
}

export function diskUnit(place: UnitPlace): UnitPlan {
  return {
    unit: { ...terms('disk', place, 'devnet-home'), backend: { kind: 'disk', folder: 'disk' } },
    credentials: undefined,
  }
}
