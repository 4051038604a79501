/** What the devnet's three providers offer. */
import type { UnitPlan } from './node-folder.ts'
import type { AzureServer } from './servers/azurite.ts'
import { S3_REGION, type S3Backend } from './servers/s3.ts'

const GIB = 2n ** 30n

/** The same promise for all: what a laptop keeps even while it compiles something. */
const SLA = { availabilityPpm: 990_000, ttfbP95Ms: 1_000, downP10Kbps: 1_000, upP10Kbps: 0 }

function terms(kind: string, token: string, region: string) {
  return {
    nonce: '1',
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
export function s3Unit(token: string, server: S3Backend, endpoint: string, bucket: string): UnitPlan {
  const { accessKeyId, secretAccessKey } = server
  const backend = { kind: 's3', endpoint, region: S3_REGION, bucket, credentialsFile: 'backend.json' }
  return { unit: { ...terms('s3', token, 'devnet-east'), backend }, credentials: { accessKeyId, secretAccessKey } }
}

export function azureUnit(token: string, server: AzureServer, container: string): UnitPlan {
  const { endpoint, accountName, accountKey } = server
  const backend = { kind: 'azure', endpoint, account: accountName, container, credentialsFile: 'backend.json' }
  return { unit: { ...terms('azure-blob', token, 'devnet-west'), backend }, credentials: { accountKey } }
}

export function diskUnit(token: string): UnitPlan {
  return {
    unit: { ...terms('disk', token, 'devnet-home'), backend: { kind: 'disk', folder: 'disk' } },
    credentials: undefined,
  }
}
