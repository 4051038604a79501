/** The Azure Blob server: Azurite, with an account of the run's own. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type ManagedProcess, type Supervisor, whenReady } from '../supervisor.ts'

export interface AzureServer {
  endpoint: string
  accountName: string
  /** Base64. */
  accountKey: string
  process: ManagedProcess
}

export async function startAzurite(
  supervisor: Supervisor,
  options: { port: number; folder: string; accountName: string; accountKey: string },
  signal: AbortSignal,
): Promise<AzureServer> {
  const { port, accountName, accountKey } = options
  const main = join(dirname(createRequire(import.meta.url).resolve('azurite/package.json')), 'dist/src/blob/main.js')
  const child = supervisor.start({
    name: 'azurite',
    command: process.execPath,
    args: [main, '--blobHost', '127.0.0.1', '--blobPort', `${port}`, '-l', options.folder]
      // The SDK may be newer than the server's list of API versions.
      .concat('--silent', '--skipApiVersionCheck', '--disableTelemetry'),
    env: { AZURITE_ACCOUNTS: `${accountName}:${accountKey}` },
  })
  await whenReady(child, { line: (line) => (/successfully listen/.test(line) ? true : undefined) }, signal)
  return { endpoint: `http://127.0.0.1:${port}/${accountName}`, accountName, accountKey, process: child }
}

export async function createContainer(server: AzureServer, container: string): Promise<void> {
  const { BlobServiceClient, StorageSharedKeyCredential } = await import('@azure/storage-blob')
  const credential = new StorageSharedKeyCredential(server.accountName, server.accountKey)
  await new BlobServiceClient(server.endpoint, credential).getContainerClient(container).createIfNotExists()
}
