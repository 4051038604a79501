/**
 * The devnet's consumer: an application that embeds a consumer node. It reserves on every unit that the quorum has vetted,
 * stores a file there, reads it back, compares, and keeps the reservations running.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Consumer, RankedUnit } from '../src/consumer/api.ts'
import { loadConfig } from '../src/node/config.ts'
import { startNode } from '../src/node/run-node.ts'
import { reportReady, stopSignal, untilAborted } from '../src/node/supervised.ts'
import { createLogger } from '../src/observability/logger.ts'

/** To the launcher, one after each step. */
export type ConsumerMessage =
  | { type: 'reserved'; id: string; unitId: string; kind: string; deposited: string }
  | { type: 'transferred'; id: string; kind: string; bytes: number; uploadMs: number; downloadMs: number }
  | { type: 'failed'; kind: string; message: string }

const FILE_BYTES = 2 << 20
const CAPACITY_BYTES = 64n << 20n
/** Epochs of each reservation: longer than anyone watches. */
const EPOCHS = 600

const tell = (message: ConsumerMessage) => process.send?.(message)

async function* pieces(data: Uint8Array, start: number, end: number): AsyncGenerator<Uint8Array> {
  for (let at = start; at <= end; at += 65_536) yield data.subarray(at, Math.min(at + 65_536, end + 1))
}

/** Uploads random bytes and reads them back. @throws when a byte differs. */
async function transfer(consumer: Consumer, id: bigint, kind: string, signal: AbortSignal): Promise<void> {
  const data = new Uint8Array(randomBytes(FILE_BYTES))
  const began = performance.now()
  await consumer.upload(
    id,
    'notes/first.bin',
    { bytes: data.length, open: ({ start, end }) => pieces(data, start, end) },
    { signal },
  )
  const uploaded = performance.now()
  const hash = createHash('sha256')
  for await (const piece of consumer.download(id, 'notes/first.bin', { signal })) hash.update(piece)
  if (hash.digest('hex') !== createHash('sha256').update(data).digest('hex'))
    throw new Error('the file that came back is another one')
  tell({
    type: 'transferred',
    id: `${id}`,
    kind,
    bytes: data.length,
    uploadMs: Math.round(uploaded - began),
    downloadMs: Math.round(performance.now() - uploaded),
  })
}

async function use(consumer: Consumer, { unit }: RankedUnit, signal: AbortSignal): Promise<void> {
  const { kind } = unit.terms
  try {
    const held = await consumer.reserve(
      { unitId: unit.id, capacityBytes: CAPACITY_BYTES, epochs: EPOCHS, requestId: `devnet ${unit.id}` },
      signal,
    )
    tell({ type: 'reserved', id: `${held.id}`, unitId: unit.id, kind, deposited: `${held.deposited}` })
    await consumer.waitActive(held.id, signal)
    await transfer(consumer, held.id, kind, signal)
  } catch (error) {
    if (!signal.aborted) tell({ type: 'failed', kind, message: error instanceof Error ? error.message : String(error) })
  }
}

/** Looks at the market after each change until every unit of it is in use. */
async function shop(consumer: Consumer, signal: AbortSignal): Promise<void> {
  const used = new Map<string, Promise<void>>()
  let looking = false
  let again = false
  const look = async () => {
    if (looking) {
      again = true
      return
    }
    looking = true
    try {
      do {
        again = false
        for (const found of await consumer.units({ capacityBytes: CAPACITY_BYTES }, signal))
          if (!used.has(found.unit.id)) used.set(found.unit.id, use(consumer, found, signal))
      } while (again && !signal.aborted)
    } catch (error) {
      if (!signal.aborted) tell({ type: 'failed', kind: 'market', message: String(error) })
    } finally {
      looking = false
    }
  }
  const stop = consumer.watch(() => void look())
  await look()
  await untilAborted(signal)
  stop()
  await Promise.allSettled(used.values())
}

const config = loadConfig({ file: process.argv[2] })
const logger = await createLogger({ level: 'info', format: 'json' })
const signal = stopSignal()
try {
  const node = await startNode(config, logger, signal)
  reportReady(node)
  await shop(node.consumer!, signal)
  await node.stop()
} catch (error) {
  if (!signal.aborted) {
    logger.error('the consumer could not start', { error: String(error) })
    process.exitCode = 1
  }
}
process.exit()
