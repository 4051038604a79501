/** The servers that stand behind the devnet's units, with a bucket and a container for their providers. */
import { join } from 'node:path'
import { deriveSecret } from './keys.ts'
import type { DevnetOptions } from './options.ts'
import { freePorts } from './ports.ts'
import { type AzureServer, createContainer, startAzurite } from './servers/azurite.ts'
import { ensureBucket, type S3Backend, startOwnS3 } from './servers/s3.ts'
import type { Supervisor } from './supervisor.ts'

export interface Backends {
  s3: S3Backend
  bucket: string
  azure: AzureServer
  container: string
}

const CONTAINER = 'lightmesh-unit'
/** Azure's account keys are 64 bytes. */
const ACCOUNT_KEY_HEX = 64

export async function startBackends(
  supervisor: Supervisor,
  options: DevnetOptions,
  folder: string,
  signal: AbortSignal,
): Promise<Backends> {
  // A server that outlives the run keeps its buckets: two runs must not meet in one.
  const bucket = `lightmesh-${deriveSecret(options.seed, 'bucket', 12)}`
  const [s3Port, azurePort] = (await freePorts(2)) as [number, number]
  const [s3, azure] = await Promise.all([
    startS3(supervisor, options, { folder: join(folder, 's3'), bucket, port: s3Port }, signal),
    startAzurite(
      supervisor,
      {
        port: azurePort,
        folder: join(folder, 'azurite'),
        accountName: 'devnet',
        accountKey: Buffer.from(
          deriveSecret(options.seed, 'azure 1', ACCOUNT_KEY_HEX) +
            deriveSecret(options.seed, 'azure 2', ACCOUNT_KEY_HEX),
          'hex',
        ).toString('base64'),
      },
      signal,
    ),
  ])
  await Promise.all([ensureBucket(s3, bucket), createContainer(azure, CONTAINER)])
  return { s3, bucket, azure, container: CONTAINER }
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
