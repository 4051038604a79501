/** The S3 server of a run: its own endpoint as a process, or one that somebody else runs. */
import { join } from 'node:path'
import type { S3Server } from '../options.ts'
import { type ManagedProcess, type Supervisor, whenReady } from '../supervisor.ts'
import type { S3ServerMessage } from './s3-main.ts'

export const S3_REGION = 'us-east-1'

export interface S3Backend extends S3Server {
  /** `undefined`: not ours to start or stop. */
  process: ManagedProcess | undefined
}

export async function startOwnS3(
  supervisor: Supervisor,
  message: S3ServerMessage,
  signal: AbortSignal,
): Promise<S3Backend> {
  const child = supervisor.start({
    name: 's3',
    command: process.execPath,
    args: [join(import.meta.dirname, 's3-main.ts')],
    ipc: true,
  })
  const ready = whenReady(
    child,
    { message: (m) => ((m as { type?: string }).type === 'ready' ? (m as { url: string }).url : undefined) },
    signal,
  )
  child.send(message)
  const { accessKeyId, secretAccessKey } = message
  return { endpoint: await ready, accessKeyId, secretAccessKey, process: child }
}

/** Creates the bucket; one that is ours already is as good. */
export async function ensureBucket(server: S3Server, bucket: string): Promise<void> {
  const { CreateBucketCommand, S3Client } = await import('@aws-sdk/client-s3')
  const client = new S3Client({
    endpoint: server.endpoint,
    region: S3_REGION,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    credentials: { accessKeyId: server.accessKeyId, secretAccessKey: server.secretAccessKey },
  })
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
  } catch (error) {
    if (!['BucketAlreadyOwnedByYou', 'BucketAlreadyExists'].includes((error as Error).name)) throw error
  } finally {
    client.destroy()
  }
}
