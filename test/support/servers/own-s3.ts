/** The project's own S3 endpoint over folder stores, in this process. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { staticCredentials } from '../../../src/api/s3/credentials.ts'
import { type S3Server, type S3ServerOptions, startS3Server } from '../../../src/api/s3/server.ts'
import { type FolderStore, openFolderStore } from '../../../src/storage/disk/folder-store.ts'

export const systemClock = { now: () => Date.now() }
export const TEST_KEYS = { accessKeyId: 'AKTEST', secretAccessKey: 'test secret/+=' }

export interface OwnS3 {
  server: S3Server
  store: FolderStore
  folder: string
  close(): Promise<void>
}

/** One bucket called `unit`. */
export async function startOwnS3(options: Partial<S3ServerOptions> & { maxBytes?: number } = {}): Promise<OwnS3> {
  const folder = await mkdtemp(join(tmpdir(), 'lightmesh-s3-'))
  const { maxBytes, ...overrides } = options
  const store = await openFolderStore({ folder, clock: systemClock, ...(maxBytes !== undefined && { maxBytes }) })
  const server = await startS3Server({
    buckets: new Map([['unit', store]]),
    credentials: staticCredentials([TEST_KEYS]),
    clock: systemClock,
    ...overrides,
  })
  return {
    server,
    store,
    folder,
    async close() {
      await server.close()
      await store.close()
      await rm(folder, { recursive: true })
    },
  }
}
