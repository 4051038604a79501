/** The S3 endpoint of `bench/transfer.ts`, as a process of its own. Sends its URL, ends with its parent. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { staticCredentials } from '../src/api/s3/credentials.ts'
import { startS3Server } from '../src/api/s3/server.ts'
import { openFolderStore } from '../src/storage/disk/folder-store.ts'

export const BENCH_KEYS = { accessKeyId: 'BENCH', secretAccessKey: 'bench secret' }

if (process.send) {
  const folder = mkdtempSync(join(tmpdir(), 'lightmesh-bench-'))
  const clock = { now: () => Date.now() }
  const store = await openFolderStore({ folder, clock })
  const credentials = staticCredentials([BENCH_KEYS])
  const server = await startS3Server({ buckets: new Map([['unit', store]]), credentials, clock })
  process.once('disconnect', async () => {
    await server.close()
    await store.close()
    rmSync(folder, { recursive: true })
    process.exit(0)
  })
  process.send(server.url)
}
