/** Upload: parts in parallel straight to the backend, hashed on their way, resumed where an earlier run ended. */

import type { GrantItem } from '../../core/grants/grant.ts'
import { LeafHasher } from '../../core/manifest/leaf-hasher.ts'
import { type IndexEntry, leavesKey, partCount, partKey, partLength } from '../../core/manifest/object-index.ts'
import { objectRoot } from '../../core/manifest/tree.ts'
import type { TransferProgress, UploadSource } from '../object-transfer.ts'
import type { TransferContext } from './context.ts'
import { TransferError } from './errors.ts'
import { putThrough } from './exchange.ts'
import { GrantPool, throughGrant } from './grant-pool.ts'
import { withRetries } from './retry.ts'
import { type UnfinishedUpload, UploadJournal } from './upload-journal.ts'
import { runAll } from './workers.ts'

export interface UploadInput {
  reservationId: bigint
  key: string
  source: UploadSource
  signal: AbortSignal
  onProgress?: ((progress: TransferProgress) => void) | undefined
}

/** Stores parts and leaf hashes; the entry is durable once the index with it is countersigned. */
export async function uploadObject(context: TransferContext, input: UploadInput): Promise<IndexEntry> {
  const { ports, settings } = context
  const { reservationId, key, source } = input
  const journal = new UploadJournal(ports.store, reservationId, key)
  let upload = await journal.load(source.bytes)
  if (!upload || !(await stillTheSame(context, upload, source))) {
    const location = ports.rng.bytes(16)
    upload = { bytes: source.bytes, partBytes: settings.partBytes, location, parts: new Map() }
    await journal.begin(upload)
  }
  await sendParts(context, input, upload, journal)
  const leafHashes = Array.from({ length: partCount(upload) }, (_, part) => upload.parts.get(part) ?? []).flat()
  await sendLeaves(context, input, upload, leafHashes)
  const { bytes, location, partBytes } = upload
  return { key, bytes, root: objectRoot(bytes, leafHashes), location, partBytes }
}

async function sendParts(
  context: TransferContext,
  { reservationId, key, source, signal, onProgress }: UploadInput,
  upload: UnfinishedUpload,
  journal: UploadJournal,
): Promise<void> {
  const missing = Array.from({ length: partCount(upload) }, (_, part) => part).filter((part) => !upload.parts.has(part))
  let transferredBytes = source.bytes - missing.reduce((sum, part) => sum + partLength(upload, part), 0)
  const report = () => onProgress?.({ key, transferredBytes, totalBytes: source.bytes })
  const items = missing.map((part): GrantItem => {
    return { action: 'write', key: partKey(upload.location, part), bytes: partLength(upload, part) }
  })
  const pool = new GrantPool(context.ports, reservationId, items)
  report()
  await runAll(missing.length, context.settings.concurrency, signal, async (index, stop) => {
    const part = missing[index]!
    const leafHashes = await withRetries(context, `part ${part}`, stop, async () => {
      const hasher = new LeafHasher(context.ports.sha256)
      const body = hashed(openPart(source, upload, part), partLength(upload, part), hasher)
      await throughGrant(pool, index, stop, (grant) => putThrough(context, grant, body, stop))
      return hasher.finish().leafHashes
    })
    upload.parts.set(part, leafHashes)
    await journal.stored(upload.location, part, leafHashes)
    transferredBytes += partLength(upload, part)
    report()
  })
}

async function sendLeaves(
  context: TransferContext,
  { reservationId, signal }: UploadInput,
  { location }: UnfinishedUpload,
  leafHashes: readonly Uint8Array[],
): Promise<void> {
  const packed = new Uint8Array(32 * leafHashes.length)
  leafHashes.forEach((hash, i) => {
    packed.set(hash, 32 * i)
  })
  const items: GrantItem[] = [{ action: 'write', key: leavesKey(location), bytes: packed.length }]
  const pool = new GrantPool(context.ports, reservationId, items)
  await withRetries(context, 'leaf hashes', signal, () =>
    throughGrant(pool, 0, signal, (grant) => putThrough(context, grant, one(packed), signal)),
  )
}

/** Parts of an earlier run count only if the source still gives what was sent. Reading is cheaper than sending. */
async function stillTheSame(
  context: TransferContext,
  upload: UnfinishedUpload,
  source: UploadSource,
): Promise<boolean> {
  for (const [part, before] of upload.parts) {
    const hasher = new LeafHasher(context.ports.sha256)
    for await (const chunk of openPart(source, upload, part)) hasher.update(chunk)
    const { bytes, leafHashes } = hasher.finish()
    if (bytes !== partLength(upload, part) || leafHashes.length !== before.length) return false
    if (leafHashes.some((hash, i) => !hash.every((byte, at) => byte === before[i]?.[at]))) return false
  }
  return true
}

function openPart(source: UploadSource, upload: UnfinishedUpload, part: number): AsyncIterable<Uint8Array> {
  const start = part * upload.partBytes
  const length = partLength(upload, part)
  return length === 0 ? one(new Uint8Array()) : source.open({ start, end: start + length - 1 })
}

async function* hashed(body: AsyncIterable<Uint8Array>, bytes: number, hasher: LeafHasher): AsyncGenerator<Uint8Array> {
  let seen = 0
  for await (const chunk of body) {
    seen += chunk.length
    if (seen > bytes) break
    hasher.update(chunk)
    yield chunk
  }
  if (seen !== bytes)
    throw new TransferError('source-changed', `the source gave ${seen} bytes where ${bytes} were expected`)
}

async function* one(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  if (chunk.length > 0) yield chunk
}
