/** Azurite, Microsoft's emulator of Blob Storage, as a process of its own with a container called `unit`. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { freePort } from './free-port.ts'

const require = createRequire(import.meta.url)

export interface Azurite {
  endpoint: string
  account: string
  accountKey: string
  container: string
  process: ChildProcess
  version: string
  close(): Promise<void>
}

/** The emulator's published account; it opens nothing else. */
const ACCOUNT = 'devstoreaccount1'
const ACCOUNT_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

export async function startAzurite(): Promise<Azurite> {
  const folder = await mkdtemp(join(tmpdir(), 'lightmesh-azurite-'))
  const port = await freePort()
  const manifest = require.resolve('azurite/package.json')
  const { version } = require(manifest) as { version: string }
  const main = join(dirname(manifest), 'dist/src/blob/main.js')
  const flags = ['--blobHost', '127.0.0.1', '--blobPort', String(port), '-l', folder]
  const child = spawn(process.execPath, [main, ...flags, '--skipApiVersionCheck', '--disableTelemetry'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Not the runner's: tsx's loader would be started in the server, too.
    env: { PATH: process.env.PATH },
  })
  const exited = once(child, 'exit')
  await listening(child)
  const endpoint = `http://127.0.0.1:${port}/${ACCOUNT}`
  const service = new BlobServiceClient(endpoint, new StorageSharedKeyCredential(ACCOUNT, ACCOUNT_KEY))
  await service.getContainerClient('unit').create()
  return {
    endpoint,
    account: ACCOUNT,
    accountKey: ACCOUNT_KEY,
    container: 'unit',
    process: child,
    version,
    async close() {
      child.kill('SIGTERM')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function listening(child: ChildProcess): Promise<void> {
  if (!child.stdout) throw new Error('azurite: no stdout')
  for await (const line of createInterface(child.stdout)) {
    if (!line.includes('successfully listen')) continue
    // Read on, or a full pipe would stop the server.
    child.stdout.resume()
    return
  }
  throw new Error('azurite ended before it listened')
}
