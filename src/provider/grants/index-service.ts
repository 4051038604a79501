/**
 * Keeps the object indexes of this provider's reservations. A change is countersigned only when its objects lie in the
 * backend in their full length: the signature says that the provider is answerable for them from now on.
 */
import { CodecError, decodeCanonical, encodeCanonical, read } from '../../core/canonical-cbor.ts'
import type { Digests, Domain } from '../../core/eip712.ts'
import { type EpochClock, epochAt } from '../../core/epoch-clock.ts'
import { reservationPrefix } from '../../core/grants/grant.ts'
import { indexCommitProtocol, indexProtocol } from '../../core/grants/index-client.ts'
import type { Address, Epoch, UnitId } from '../../core/ids.ts'
import {
  applyChange,
  decodeIndexChange,
  decodeObjectIndex,
  emptyIndex,
  encodeObjectIndex,
  type IndexEntry,
  leavesKey,
  MAX_INDEX_BYTES,
  type ObjectIndex,
  objectIndexDigest,
  partCount,
  partKey,
  partLength,
  type SignedObjectIndex,
} from '../../core/manifest/object-index.ts'
import { leafCount } from '../../core/manifest/tree.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { KeyValueStore } from '../../core/ports/key-value-store.ts'
import { type Logger, silentLogger } from '../../core/ports/logger.ts'
import type { MarketReservation } from '../../core/ports/market.ts'
import { INDEX_REFUSALS, IndexError } from '../../core/ports/object-index.ts'
import type { Requests } from '../../core/ports/requests.ts'
import type { SignatureScheme, Signer } from '../../core/ports/signer.ts'
import { StorageError } from '../../core/ports/storage.ts'
import type { ServedUnit } from './served-unit.ts'

export interface IndexServicePorts {
  clock: Pick<Clock, 'now'>
  epochClock: EpochClock
  domain: Domain
  digests: Digests
  signatures: SignatureScheme
  /** The provider's key. */
  signer: Signer
  unit: (id: UnitId) => ServedUnit | undefined
  isOracle: (node: Address, epoch: Epoch) => boolean | Promise<boolean>
  reservation: (id: bigint) => MarketReservation | undefined
  /** Under keys that begin with `provider/index/`. */
  store: KeyValueStore
  logger?: Logger
}

export interface IndexService {
  serve(requests: Requests): () => void
  /** The current index of a reservation; `undefined` before its first object. */
  index(reservationId: bigint): Promise<SignedObjectIndex | undefined>
}

const storeKey = (id: bigint) => `provider/index/${id}`

export function createIndexService(ports: IndexServicePorts): IndexService {
  const { store, signer, digests, signatures, logger = silentLogger } = ports
  /** Changes of one reservation wait for one another. */
  const tails = new Map<bigint, Promise<unknown>>()

  const load = async (id: bigint): Promise<SignedObjectIndex | undefined> => {
    const bytes = await store.get(storeKey(id))
    return bytes && decodeObjectIndex(bytes)
  }

  const commit = async (body: Uint8Array, from: Address, signal: AbortSignal): Promise<Uint8Array> => {
    const { change, consumerSignature } = decodeIndexChange(body)
    const { reservation, unit } = authorised(ports, change.reservationId, from)
    const before: ObjectIndex = (await load(reservation.id)) ?? emptyIndex(reservation.id)
    if (before.seq !== change.baseSeq) throw new IndexError('conflict', `the index is at ${before.seq}`)
    const after = applyChange(before, change)
    const digest = objectIndexDigest(digests, after)
    if (signatures.recover(digest, consumerSignature) !== from) throw new IndexError('bad-signature', 'not signed')
    for (const entry of change.puts) await demandStored(unit, reservation.id, entry, signal)
    const providerSignature = await signer.signDigest(digest)
    const value = encodeObjectIndex({ ...after, consumerSignature, providerSignature })
    if (value.length > MAX_INDEX_BYTES) throw new IndexError('too-large', 'the index is full')
    await store.batch([{ type: 'put', key: storeKey(reservation.id), value }], { sync: true })
    await dropReplaced(unit, before, after, logger)
    return providerSignature
  }

  const answer = async (body: Uint8Array, from: Address, signal: AbortSignal): Promise<Uint8Array> => {
    try {
      const id = decodeIndexChange(body).change.reservationId
      return encodeCanonical([0, await serialised(tails, id, () => commit(body, from, signal))])
    } catch (error) {
      signal.throwIfAborted()
      return encodeCanonical([refusalOf(error), new Uint8Array()])
    }
  }

  return {
    index: load,
    serve(requests) {
      const stopGet = requests.handle(
        indexProtocol(ports.domain),
        async (body, from) => {
          const id = read.uint64(decodeCanonical(body, 16))
          const mayRead =
            ports.reservation(id)?.consumer === from ||
            (await ports.isOracle(from, epochAt(ports.epochClock, ports.clock.now())))
          return mayRead ? store.get(storeKey(id)) : undefined
        },
        { maxRequestBytes: 16 },
      )
      const stopCommit = requests.handle(indexCommitProtocol(ports.domain), answer, {
        maxRequestBytes: MAX_INDEX_BYTES,
      })
      return () => {
        stopGet()
        stopCommit()
      }
    },
  }
}

function authorised(ports: IndexServicePorts, id: bigint, from: Address) {
  const reservation = ports.reservation(id)
  const unit = reservation && ports.unit(reservation.unitId)
  if (!reservation || !unit) throw new IndexError('reservation-unknown', `no reservation ${id}`)
  if (reservation.consumer !== from) throw new IndexError('not-the-consumer', `${from} is not its consumer`)
  const epoch = epochAt(ports.epochClock, ports.clock.now())
  if (reservation.status !== 'Active' || reservation.endEpoch === undefined || epoch > reservation.endEpoch)
    throw new IndexError('reservation-inactive', `reservation ${id} is ${reservation.status}`)
  return { reservation, unit }
}

/** Every part and the leaf hashes, in their exact length. What they contain is the consumer's claim, bound by the root. */
async function demandStored(unit: ServedUnit, id: bigint, entry: IndexEntry, signal: AbortSignal): Promise<void> {
  const wanted: [key: string, bytes: number][] = [[leavesKey(entry.location), 32 * leafCount(entry.bytes)]]
  for (let part = 0; part < partCount(entry); part++)
    wanted.push([partKey(entry.location, part), partLength(entry, part)])
  for (const [key, bytes] of wanted) {
    const head = await unit.driver.head(reservationPrefix(id) + key, { signal })
    if (head.bytes !== bytes) throw new IndexError('object-missing', `${key} has ${head.bytes} bytes, not ${bytes}`)
  }
}

/** What no entry names any more. A failure leaves bytes behind, which the next sweep of the prefix finds. */
async function dropReplaced(unit: ServedUnit, before: ObjectIndex, after: ObjectIndex, logger: Logger): Promise<void> {
  const kept = new Set(after.entries.map((entry) => leavesKey(entry.location)))
  for (const entry of before.entries) {
    if (kept.has(leavesKey(entry.location))) continue
    const keys = Array.from({ length: partCount(entry) }, (_, part) => partKey(entry.location, part))
    for (const key of [...keys, leavesKey(entry.location)]) {
      try {
        await unit.driver.delete(reservationPrefix(after.reservationId) + key)
      } catch (error) {
        logger.warn('a replaced object could not be deleted', {
          reservation: after.reservationId,
          reason: String(error),
        })
      }
    }
  }
}

async function serialised<T>(tails: Map<bigint, Promise<unknown>>, id: bigint, task: () => Promise<T>): Promise<T> {
  const mine = (tails.get(id) ?? Promise.resolve()).then(task, task)
  const tail = mine.catch(() => {})
  tails.set(id, tail)
  try {
    return await mine
  } finally {
    if (tails.get(id) === tail) tails.delete(id)
  }
}

function refusalOf(error: unknown): number {
  const code =
    error instanceof IndexError
      ? error.code
      : error instanceof CodecError
        ? error.code === 'too-long'
          ? 'too-large'
          : 'malformed'
        : error instanceof StorageError && error.code === 'object-missing'
          ? 'object-missing'
          : 'backend-failed'
  return INDEX_REFUSALS.indexOf(code as (typeof INDEX_REFUSALS)[number]) + 1
}
