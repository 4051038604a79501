/** Opens a unit's backend: the provider's own bucket or container, or a folder behind an S3 endpoint of this node. */

import { staticCredentials } from '../api/s3/credentials.ts'
import { startS3Server } from '../api/s3/server.ts'
import { bytesToHex } from '../core/ids.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { Metrics } from '../core/ports/metrics.ts'
import type { Rng } from '../core/ports/rng.ts'
import type { StorageDriver } from '../core/ports/storage.ts'
import type { Closing } from './closing.ts'
import { type BackendEntry, readAzureCredentials, readS3Credentials, type UnitEntry } from './units-file.ts'

export interface BackendModules {
  clock: Clock
  rng: Rng
  logger: Logger
  metrics: Metrics
  closing: Closing
}

export interface OpenedBackend {
  driver: StorageDriver
  /** URL of the endpoint, when this node serves it. */
  servedAt: string | undefined
}

/** Vendors' SDKs are loaded by who needs them: each costs a node some 20 MiB and 100 ms. */
export async function openBackend(unit: UnitEntry, modules: BackendModules): Promise<OpenedBackend> {
  const { backend } = unit
  if (backend.kind === 'disk') return openDisk(backend, unit.capacityBytes, modules)
  const driver = backend.kind === 's3' ? await openS3(backend) : await openAzure(backend)
  modules.closing.add(`backend ${backend.kind}`, () => driver.close())
  return { driver, servedAt: undefined }
}

type Of<K extends BackendEntry['kind']> = Extract<BackendEntry, { kind: K }>

async function openS3(backend: Of<'s3'>): Promise<StorageDriver> {
  const { createS3Driver } = await import('../storage/s3/driver.ts')
  const { endpoint, region, bucket, pathStyle, credentialsFile } = backend
  return createS3Driver({ endpoint, region, bucket, pathStyle, keys: readS3Credentials(credentialsFile) })
}

async function openAzure(backend: Of<'azure'>): Promise<StorageDriver> {
  const { createAzureDriver } = await import('../storage/azure/driver.ts')
  const { endpoint, account, container, credentialsFile } = backend
  return createAzureDriver({ endpoint, account, container, ...readAzureCredentials(credentialsFile) })
}

/** The bucket's name at a disk unit's own endpoint. */
const DISK_BUCKET = 'unit'
const DISK_REGION = 'us-east-1'

async function openDisk(backend: Of<'disk'>, capacityBytes: bigint, modules: BackendModules): Promise<OpenedBackend> {
  const { openFolderStore } = await import('../storage/disk/folder-store.ts')
  const { createDiskDriver } = await import('../storage/disk/driver.ts')
  const { clock, rng, logger, metrics, closing } = modules
  const store = await openFolderStore({ folder: backend.folder, clock, maxBytes: Number(capacityBytes) })
  closing.add('disk store', () => store.close())
  // Keys that live as long as this process: whatever they signed dies with it.
  const keys = {
    accessKeyId: `LM${bytesToHex(rng.bytes(9)).slice(2).toUpperCase()}`,
    secretAccessKey: bytesToHex(rng.bytes(32)).slice(2),
  }
  const server = await startS3Server({
    buckets: new Map([[DISK_BUCKET, store]]),
    credentials: staticCredentials([keys]),
    clock,
    host: backend.host,
    port: backend.port,
    logger,
    metrics,
  })
  closing.add('disk endpoint', () => server.close())
  logger.info('disk unit served', { url: server.url })
  const address = {
    endpoint: backend.publicUrl ?? server.url,
    region: DISK_REGION,
    bucket: DISK_BUCKET,
    pathStyle: true,
  }
  const driver = createDiskDriver({ store, address, keys })
  closing.add('backend disk', () => driver.close())
  return { driver, servedAt: server.url }
}
