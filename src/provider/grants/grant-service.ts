/**
 * Answers requests for grants and object lists. Every unit is answered alike and a day's rights for probing are asked
 * for ahead of time, so the node can't tell when or by whom it is measured. Credentials stay in the driver.
 */
import { CodecError } from '../../core/canonical-cbor.ts'
import type { Digests, Domain } from '../../core/eip712.ts'
import { type EpochClock, epochAt } from '../../core/epoch-clock.ts'
import { type GrantRefusal, type GrantRequest, MAX_GRANT_REQUEST_BYTES } from '../../core/grants/grant.ts'
import { grantsProtocol, objectListProtocol } from '../../core/grants/grant-client.ts'
import {
  decodeGrantRequest,
  encodeGrantAnswer,
  type GrantAnswer,
  isSignedByRequester,
} from '../../core/grants/grant-codec.ts'
import { type Address, bytesToHex, type Epoch, type Hash32, type UnitId } from '../../core/ids.ts'
import { encodeObjectList } from '../../core/manifest/object-list.ts'
import type { Clock } from '../../core/ports/clock.ts'
import { type Logger, silentLogger } from '../../core/ports/logger.ts'
import type { MarketReservation } from '../../core/ports/market.ts'
import { type Metrics, noMetrics } from '../../core/ports/metrics.ts'
import type { Requests } from '../../core/ports/requests.ts'
import type { SignatureScheme } from '../../core/ports/signer.ts'
import { StorageError } from '../../core/ports/storage.ts'
import { probeGrants } from './probe-grants.ts'
import { QuotaBook } from './quota-book.ts'
import { reservationGrants } from './reservation-grants.ts'
import type { ServedUnit } from './served-unit.ts'

export interface GrantServiceOptions {
  /** Life of a reservation's grant. @default 300,000 ms */
  reservationGrantMs?: number
  /** Epochs for which a probe grant is good, the current one included. @default 144 (a day) */
  probeGrantEpochs?: number
  /** Epochs after its end in which a reservation may still be read. @default 144 */
  graceEpochs?: number
  /** Requests that are worked on at the same time; more are refused as `busy`. @default 32 */
  concurrency?: number
}

export interface GrantServicePorts {
  clock: Pick<Clock, 'now'>
  epochClock: EpochClock
  domain: Domain
  digests: Digests
  signatures: SignatureScheme
  /** Units served by this node. */
  unit: (id: UnitId) => ServedUnit | undefined
  /** Whether this node key has a seat in the set of the epoch. */
  isOracle: (node: Address, epoch: Epoch) => boolean | Promise<boolean>
  reservation: (id: bigint) => MarketReservation | undefined
  logger?: Logger
  metrics?: Metrics
}

/** What the parts of the service share. */
export interface GrantContext {
  ports: GrantServicePorts
  options: Required<GrantServiceOptions>
  quota: QuotaBook
  nowMs: number
  epoch: Epoch
  signal: AbortSignal
}

export interface GrantService {
  /** Answers on the network's protocols until the returned function is called. */
  serve(requests: Requests): () => void
  answer(encoded: Uint8Array, from: Address, signal: AbortSignal): Promise<GrantAnswer>
  readonly quota: QuotaBook
}

/** A request is good for its epoch and the next one: clocks differ, and messages take their time. */
const EPOCH_SLACK = 1

export function createGrantService(ports: GrantServicePorts, options: GrantServiceOptions = {}): GrantService {
  const quota = new QuotaBook()
  const settings: Required<GrantServiceOptions> = {
    reservationGrantMs: 300_000,
    probeGrantEpochs: 144,
    graceEpochs: 144,
    concurrency: 32,
    ...options,
  }
  const { logger = silentLogger, metrics = noMetrics } = ports
  let running = 0
  const answer = async (encoded: Uint8Array, from: Address, signal: AbortSignal): Promise<GrantAnswer> => {
    if (running >= settings.concurrency) return { refusal: 'busy' }
    running++
    try {
      const nowMs = ports.clock.now()
      const context = { ports, options: settings, quota, nowMs, epoch: epochAt(ports.epochClock, nowMs), signal }
      return await decide(context, encoded, from)
    } catch (error) {
      signal.throwIfAborted()
      const refusal = refusalOf(error)
      if (refusal === 'backend-failed') logger.warn('no grants: the backend failed', { reason: String(error) })
      return { refusal }
    } finally {
      running--
    }
  }
  return {
    quota,
    answer,
    serve(requests) {
      const stopGrants = requests.handle(
        grantsProtocol(ports.domain),
        async (body, from, signal) => {
          const given = await answer(body, from, signal)
          metrics.count('grant_requests_total', { result: 'refusal' in given ? given.refusal : 'granted' })
          return encodeGrantAnswer(given)
        },
        { maxRequestBytes: MAX_GRANT_REQUEST_BYTES },
      )
      const stopLists = requests.handle(
        objectListProtocol(ports.domain),
        async (body) => {
          const unit = body.length === 32 ? ports.unit(bytesToHex(body)) : undefined
          return unit && encodeObjectList(unit.objects)
        },
        { maxRequestBytes: 32 },
      )
      return () => {
        stopGrants()
        stopLists()
      }
    },
  }
}

async function decide(context: GrantContext, encoded: Uint8Array, from: Address): Promise<GrantAnswer> {
  const { ports, epoch } = context
  const signed = decodeGrantRequest(encoded)
  const { request } = signed
  // Relayed requests are not taken: whoever asks shows with its connection that it has the key now.
  if (request.requester !== from || !isSignedByRequester(ports.digests, ports.signatures, signed))
    return { refusal: 'bad-signature' }
  if (Math.abs(request.epoch - epoch) > EPOCH_SLACK) return { refusal: 'wrong-epoch' }
  return request.purpose === 'probe' ? probe(context, request) : reservationGrants(context, request)
}

async function probe(context: GrantContext, request: GrantRequest): Promise<GrantAnswer> {
  const unit = context.ports.unit(request.subject as Hash32 & UnitId)
  if (!unit) return { refusal: 'unit-unknown' }
  if (!(await context.ports.isOracle(request.requester, request.epoch))) return { refusal: 'not-an-oracle' }
  return probeGrants(context, unit, request.requester)
}

function refusalOf(error: unknown): GrantRefusal {
  if (error instanceof CodecError) return 'malformed'
  if (error instanceof StorageError && (error.code === 'unsupported' || error.code === 'invalid-key'))
    return 'unsupported'
  return 'backend-failed'
}
