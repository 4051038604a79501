/**
 * `npm run bench -- transfer [--json]`: uploads and downloads of 256 MiB through the consumer's transfer against the AWS SDK
 * with the same part size, concurrency and SHA-256 in the same process. The server is a process of its own; rounds alternate.
 */
import { fork } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createObjectTransfer } from '../src/consumer/transfer/create-object-transfer.ts'
import { createSigner } from '../src/core/crypto/secp256k1.ts'
import { createDigests } from '../src/core/eip712.ts'
import type { Address } from '../src/core/ids.ts'
import { applyChange, emptyIndex, type ObjectIndex, objectIndexDigest } from '../src/core/manifest/object-index.ts'
import type { ReservationGrantSource } from '../src/core/ports/grants.ts'
import type { KeyValueStore } from '../src/core/ports/key-value-store.ts'
import type { IndexSource } from '../src/core/ports/object-index.ts'
import { createHttpClient } from '../src/storage/http/client.ts'
import { presignGrant } from '../src/storage/s3/presign-grant.ts'
import { BENCH_KEYS } from './transfer-server.ts'

const MIB = 2 ** 20
const BYTES = 256 * MIB
const PART = 8 * MIB
const CONCURRENCY = 4
const ROUNDS = 5

export interface TransferReport {
  up: { oursMiBs: number; sdkMiBs: number; ratio: number }
  down: { oursMiBs: number; sdkMiBs: number; ratio: number }
}

const data = randomBytes(BYTES)
const rng = { bytes: (length: number) => new Uint8Array(randomBytes(length)) }

async function* pieces(start: number, end: number): AsyncGenerator<Uint8Array> {
  for (let at = start; at <= end; at += 262_144) yield data.subarray(at, Math.min(at + 262_144, end + 1))
}

/** The transfer with grants and index made here: what is measured is the way between client and backend. */
function ours(endpoint: string) {
  const address = { endpoint, region: 'r', bucket: 'unit', pathStyle: true }
  const consumer = createSigner(randomBytes(32))
  const provider = createSigner(randomBytes(32))
  const digests = createDigests({ chainId: 1, orchestrator: `0x${'00'.repeat(20)}` as Address })
  let index: ObjectIndex = emptyIndex(1n)
  const signed = async () => {
    const digest = objectIndexDigest(digests, index)
    const consumerSignature = await consumer.signDigest(digest)
    return { ...index, consumerSignature, providerSignature: await provider.signDigest(digest) }
  }
  const indexes: IndexSource = {
    latest: async () => (index.seq === 0n ? undefined : signed()),
    async commit(change, { digest }) {
      index = applyChange(index, change)
      return provider.signDigest(digest)
    },
  }
  const grants: ReservationGrantSource = {
    reservationGrants: async (_id, items) =>
      items.map(({ action, key, bytes }) => {
        const life = { nowMs: Date.now(), expiresInMs: 300_000 }
        return {
          key,
          ...presignGrant(address, BENCH_KEYS, { action, key, ...life, ...(action === 'write' && { bytes }) }),
        }
      }),
  }
  const entries = new Map<string, Uint8Array>()
  const store: KeyValueStore = {
    get: async (key) => entries.get(key),
    async batch(operations) {
      for (const op of operations) op.type === 'put' ? entries.set(op.key, op.value) : entries.delete(op.key)
    },
    async *entries({ gte = '', lt = '\uffff' }) {
      for (const [key, value] of [...entries].sort()) if (key >= gte && key < lt) yield [key, value]
    },
  }
  const clock = {
    now: Date.now,
    schedule: (atMs: number, task: () => void) => {
      const timer = setTimeout(task, atMs - Date.now())
      return () => clearTimeout(timer)
    },
  }
  const http = createHttpClient({ allowPrivate: true, keepConnections: CONCURRENCY })
  const transfer = createObjectTransfer(
    { clock, rng, http, grants, indexes, signer: consumer, digests, store, sha256: () => createHash('sha256') },
    { partBytes: PART, concurrency: CONCURRENCY },
  )
  return {
    up: (key: string) => transfer.upload(1n, key, { bytes: BYTES, open: ({ start, end }) => pieces(start, end) }),
    async down(key: string) {
      let bytes = 0
      for await (const chunk of transfer.download(1n, key)) bytes += chunk.length
      if (bytes !== BYTES) throw new Error('short download')
    },
  }
}

async function theSdk(endpoint: string) {
  const sdk = await import('@aws-sdk/client-s3')
  const client = new sdk.S3Client({
    endpoint,
    region: 'r',
    forcePathStyle: true,
    credentials: BENCH_KEYS,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  const parts = BYTES / PART
  const parallel = async (work: (part: number) => Promise<void>) => {
    let next = 0
    const worker = async () => {
      for (let part = next++; part < parts; part = next++) await work(part)
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  }
  return {
    close: () => client.destroy(),
    async up(Key: string) {
      const target = { Bucket: 'unit', Key }
      const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(target))
      const Parts: { PartNumber: number; ETag: string | undefined }[] = []
      await parallel(async (part) => {
        const Body = data.subarray(part * PART, (part + 1) * PART)
        createHash('sha256').update(Body).digest()
        const { ETag } = await client.send(
          new sdk.UploadPartCommand({ ...target, UploadId, PartNumber: part + 1, Body, ContentLength: PART }),
        )
        Parts[part] = { PartNumber: part + 1, ETag }
      })
      await client.send(new sdk.CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }))
    },
    async down(Key: string) {
      await parallel(async (part) => {
        const Range = `bytes=${part * PART}-${(part + 1) * PART - 1}`
        const { Body } = await client.send(new sdk.GetObjectCommand({ Bucket: 'unit', Key, Range }))
        createHash('sha256')
          .update((await Body?.transformToByteArray()) ?? new Uint8Array())
          .digest()
      })
    },
  }
}

async function rate(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return BYTES / MIB / ((performance.now() - began) / 1000)
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

export async function measure(): Promise<TransferReport> {
  const server = fork(new URL('./transfer-server.ts', import.meta.url), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [endpoint] = (await once(server, 'message')) as [string]
  const exited = once(server, 'exit')
  const sdk = await theSdk(endpoint)
  const own = ours(endpoint)
  const figures: Record<'upOurs' | 'upSdk' | 'downOurs' | 'downSdk', number[]> = {
    upOurs: [],
    upSdk: [],
    downOurs: [],
    downSdk: [],
  }
  for (let round = 0; round <= ROUNDS; round++) {
    const upOurs = await rate(() => own.up('ours'))
    const upSdk = await rate(() => sdk.up('sdk'))
    const downOurs = await rate(() => own.down('ours'))
    const downSdk = await rate(() => sdk.down('sdk'))
    // The first round warms up.
    if (round === 0) continue
    for (const [name, value] of Object.entries({ upOurs, upSdk, downOurs, downSdk }))
      figures[name as keyof typeof figures].push(value)
  }
  sdk.close()
  server.disconnect()
  await exited
  const side = (oursAll: number[], sdkAll: number[]) => {
    const [oursMiBs, sdkMiBs] = [median(oursAll), median(sdkAll)]
    return {
      oursMiBs: Math.round(oursMiBs),
      sdkMiBs: Math.round(sdkMiBs),
      ratio: Number((oursMiBs / sdkMiBs).toFixed(2)),
    }
  }
  return { up: side(figures.upOurs, figures.upSdk), down: side(figures.downOurs, figures.downSdk) }
}

export async function run(args: readonly string[]): Promise<void> {
  const report = await measure()
  if (args.includes('--json')) {
    console.log(JSON.stringify(report))
    return
  }
  for (const [way, { oursMiBs, sdkMiBs, ratio }] of Object.entries(report))
    console.log(`${way.padEnd(4)} ours ${oursMiBs} MiB/s, SDK ${sdkMiBs} MiB/s, ratio ${ratio}`)
}
