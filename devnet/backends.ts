/** The servers that stand behind the devnet's units, with a bucket and a container for their providers. */
import { join } from 'node:path'
import type { RunPorts } from './kept.ts'
import { deriveSecret } from './keys.ts'
import type { DevnetOptions } from './options.ts'
import { type AzureServer, createContainer, startAzurite } from './servers/azurite.ts'
import { type BackendProxy, startProxy } from './servers/proxy.ts'
import { ensureBucket, type S3Backend, startOwnS3 } from './servers/s3.ts'
import type { Supervisor } from './supervisor.ts'

export interface Backends {
  s3: S3Backend
  /** In front of the S3 server: where misbehaviour comes from. */
  proxy: BackendProxy
  /** Start a server again that was killed, with the same ports, folders and keys. */
  restart: { s3: (() => Promise<S3Backend>) | undefined; azure: () => Promise<AzureServer> }
  bucket: string
  azure: AzureServer
  container: string
}

const CONTAINER = 'lightmesh-unit'

export async function startBackends(
  supervisor: Supervisor,
  options: DevnetOptions,
  { folder, ports }: { folder: string; ports: RunPorts },
  signal: AbortSignal,
): Promise<Backends> {
  // A server that outlives the run keeps its buckets: two runs must not meet in one.
  const bucket = `lightmesh-${deriveSecret(options.seed, 'bucket', 12)}`
  const azureOptions = {
    port: ports.azure,
    folder: join(folder, 'azurite'),
    accountName: 'devnet',
    accountKey: azureAccountKey(options.seed),
  }
  const startS3Again = () =>
    startS3(supervisor, options, { folder: join(folder, 's3'), bucket, port: ports.s3 }, signal)
  const startAzureAgain = () => startAzurite(supervisor, azureOptions, signal)
  const [s3, azure] = await Promise.all([startS3Again(), startAzureAgain()])
  const proxied = { name: 'proxy', port: ports.proxy, target: s3.endpoint }
  const [proxy] = await Promise.all([
    startProxy(supervisor, proxied, signal),
    ensureBucket(s3, bucket),
    createContainer(azure, CONTAINER),
  ])
  const restart = { s3: s3.process && startS3Again, azure: startAzureAgain }
  return { s3, bucket, azure, container: CONTAINER, proxy, restart }
}

/** Base64 of 64 bytes, as Azure's account keys are. */
export function azureAccountKey(seed: string): string {
  return Buffer.from(deriveSecret(seed, 'azure 1') + deriveSecret(seed, 'azure 2'), 'hex').toString('base64')
}

async function startS3(
  supervisor: Supervisor,
  options: DevnetOptions,
  own: { folder: string; bucket: string; port: number },
  signal: AbortSignal,
): Promise<S3Backend> {
  if (options.s3) return { ...options.s3, process: undefined }
  const accessKeyId = `LM${deriveSecret(options.seed, 's3 access key', 18).toUpperCase()}`
  const secretAccessKey = deriveSecret(options.seed, 's3 secret key', 40)
  return startOwnS3(supervisor, { ...own, accessKeyId, secretAccessKey }, signal)
}
