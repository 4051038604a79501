/** What an application that buys storage sees: `createConsumer` in create-consumer.ts takes options and ports. */
import type { Address, Epoch, Hash32, UnitId } from '../core/ids.ts'
import type { UnitLeaf } from '../core/leaves.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { KeyValueStore } from '../core/ports/key-value-store.ts'
import type { Logger } from '../core/ports/logger.ts'
import type {
  LeafSource,
  MarketChange,
  MarketReader,
  MarketReceipt,
  MarketReservation,
  MarketUnit,
  MarketWriter,
} from '../core/ports/market.ts'
import type { Metrics } from '../core/ports/metrics.ts'
import type { Rng } from '../core/ports/rng.ts'
import type { UnitKind } from '../core/units.ts'
import type { RankingWeights } from '../scoring/ranking.ts'
import type { ObjectTransfer, StoredObject, TransferOptions, UploadSource } from './object-transfer.ts'

export interface ConsumerOptions {
  /** Epochs back at which a leaf still says how a unit is doing; older ones are shown as stale. @default 3 */
  freshEpochs?: number
  /** Leaves that are asked for at the same time. @default 8 */
  concurrency?: number
}

export interface ConsumerPorts {
  clock: Clock
  rng: Rng
  market: MarketReader
  /** Signs and pays; its account owns the reservations. */
  writer: MarketWriter
  leaves: LeafSource
  /** Moves objects between this process and a unit's backend. Absent in a consumer that only reserves. */
  transfer?: ObjectTransfer
  /** Requests of this consumer under keys that begin with `consumer/`, so that a restart reserves nothing twice. */
  store: KeyValueStore
  logger?: Logger
  metrics?: Metrics
}

export interface UnitQuery {
  kinds?: readonly UnitKind[]
  regions?: readonly string[]
  token?: Address
  provider?: Address
  /** Bytes that have to be free. @default 1 */
  capacityBytes?: bigint
  maxPricePerGibEpoch?: bigint
  minScoreBps?: number
  /** Units that take no reservations now are listed too. @default false */
  includeClosed?: boolean
  /** @default reliability 50, performance 25, cost 25 */
  weights?: RankingWeights
  /** At the most. @default 50 */
  limit?: number
}

/** A unit's leaf that was checked against the root on chain; numbers without one are nobody's claim. */
export interface ProvenQuality {
  leaf: UnitLeaf
  proof: readonly Hash32[]
  epoch: Epoch
  root: Hash32
  /** The leaf is no older than `freshEpochs` before the newest attestation. */
  fresh: boolean
}

export interface RankedUnit {
  unit: MarketUnit
  freeBytes: bigint
  /** `undefined` for a unit that nobody measured yet. */
  quality: ProvenQuality | undefined
  /** 0–10,000 each: this consumer's own weighting, and its parts. */
  rankBps: number
  reliabilityBps: number
  performanceBps: number
  costBps: number
  /** 0–10,000: how much evidence stands behind the numbers. */
  confidenceBps: number
  /** Why it takes no reservation now. */
  closed: string | undefined
}

export interface ReserveRequest {
  unitId: UnitId
  capacityBytes: bigint
  epochs: number
  /** Highest price that is agreed to. @default the unit's price now */
  maxPricePerGibEpoch?: bigint
  /** Names the request: the same name again, also after a restart, gives the same reservation. */
  requestId?: string
}

/** What one reservation has cost and will cost. Sums: `deposited = paid + refunded + held`. */
export interface ReservationMoney {
  deposited: bigint
  paid: bigint
  refunded: bigint
  /** Still in escrow. */
  held: bigint
  /** Part of `held` that the newest checked leaf gives to the provider; settling it is all that is missing. */
  pendingPaid: bigint
  /** Part of `held` that it gives back. */
  pendingRefund: bigint
  /** Last epoch that is settled (the baseline when just activated), and last one that is paid for; `undefined` while held. */
  settledTo: Epoch | undefined
  endEpoch: Epoch | undefined
  /** Epochs that are measured but not settled, and epochs that lie ahead. */
  pendingEpochs: number
  epochsAhead: number
}

export interface ReservationView extends MarketReservation {
  unit: MarketUnit | undefined
}

export interface Consumer {
  readonly account: Address
  /** Best first. Every quality in it was verified up to the chain's root. */
  units(query?: UnitQuery, signal?: AbortSignal): Promise<RankedUnit[]>
  /** Holds capacity and deposits what it costs. */
  reserve(request: ReserveRequest, signal?: AbortSignal): Promise<ReservationView>
  /** Activates by the unit's leaf under the last accepted root when anyone may, waits for the provider otherwise. */
  waitActive(id: bigint, signal?: AbortSignal): Promise<ReservationView>
  cancel(id: bigint, signal?: AbortSignal): Promise<MarketReceipt>
  /** Pays further epochs at the same rate. */
  extend(id: bigint, epochs: number, signal?: AbortSignal): Promise<ReservationView>
  /** Gives back the epochs after the next one, and their money. */
  release(id: bigint, signal?: AbortSignal): Promise<ReservationView>
  /** Resolves once the object and its manifest are stored. The reservation must run. */
  upload(id: bigint, key: string, source: UploadSource, options?: TransferOptions): Promise<StoredObject>
  /** Each leaf is checked against the manifest before it is handed on. */
  download(id: bigint, key: string, options?: TransferOptions): AsyncIterable<Uint8Array>
  list(id: bigint, options?: TransferOptions & { prefix?: string }): Promise<StoredObject[]>
  delete(id: bigint, key: string, options?: TransferOptions): Promise<void>
  /** This consumer's own, ascending by id. */
  reservations(): ReservationView[]
  money(id: bigint, signal?: AbortSignal): Promise<ReservationMoney>
  /** Settles one of its reservations by the newest leaf that can be proven: refunds do not have to wait for the provider. */
  settle(id: bigint, signal?: AbortSignal): Promise<ReservationView>
  /**
   * The way out when nobody attests any more: the first call, after the escape period without a settlement, opens it; the
   * second, after the challenge window, closes the reservation by its last settled ratio, or refunds it whole.
   */
  escape(id: bigint, signal?: AbortSignal): Promise<ReservationView>
  /** What was refunded and not spent, in one token. */
  credit(token: Address, signal?: AbortSignal): Promise<bigint>
  withdraw(token: Address, to?: Address, signal?: AbortSignal): Promise<bigint>
  watch(listener: (change: MarketChange) => void): () => void
  stop(): Promise<void>
}
