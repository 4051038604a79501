/**
 * The devnet's own S3 server: the endpoint that nodes serve their disk units with, over a folder, as a process of its own.
 * Its configuration comes as the first message, so that its keys stand in no argument and no file.
 */
import { staticCredentials } from '../../src/api/s3/credentials.ts'
import { startS3Server } from '../../src/api/s3/server.ts'
import { openFolderStore } from '../../src/storage/disk/folder-store.ts'

export interface S3ServerMessage {
  folder: string
  bucket: string
  port: number
  accessKeyId: string
  secretAccessKey: string
}

const clock = { now: () => Date.now() }

process.once('message', async ({ folder, bucket, port, ...keys }: S3ServerMessage) => {
  const store = await openFolderStore({ folder, clock })
  const server = await startS3Server({
    buckets: new Map([[bucket, store]]),
    credentials: staticCredentials([keys]),
    clock,
    port,
  })
  let stopping = false
  const stop = async () => {
    if (stopping) return
    stopping = true
    await server.close()
    await store.close()
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
  process.on('disconnect', stop)
  process.send!({ type: 'ready', url: server.url })
})
