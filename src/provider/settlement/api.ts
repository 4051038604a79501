/** A provider's money: which reservations earn, what is settled, pending, refunded. `createSettlementService` makes it. */
import type { Address, Epoch, UnitId } from '../../core/ids.ts'
import type { KeyValueStore } from '../../core/ports/key-value-store.ts'
import type { Logger } from '../../core/ports/logger.ts'
import type { LeafSource, MarketReader, MarketWriter } from '../../core/ports/market.ts'
import type { Metrics } from '../../core/ports/metrics.ts'

export interface SettlementOptions {
  /** Node key address of the provider: its units are the ones that carry it. */
  provider: Address
  /** A unit's reservations are settled once they would earn this much together. @default 0: at every attestation */
  minEarned?: bigint
  /** ... or once this many epochs have passed since one of them was settled. @default 144 */
  maxEpochs?: number
  /** Reservations in one transaction. @default 64 */
  batchSize?: number
  /** Held reservations of units whose provider has to accept: which of them it takes. @default all */
  accept?: (reservationId: bigint) => boolean
}

export interface SettlementPorts {
  market: MarketReader
  /** Pays the gas. Anyone may settle, so this is the node key; earnings are credited to the operator. */
  writer: MarketWriter
  leaves: LeafSource
  /** Leaves that will be needed again, under keys that begin with `settlement/`. */
  store: KeyValueStore
  logger?: Logger
  metrics?: Metrics
}

/** Figures of one token. */
export interface EarningsOfToken {
  token: Address
  /** Settled to the provider, protocol fee included. */
  earned: bigint
  /** What the newest leaves would pay if they were settled now. */
  pending: bigint
  /** Went back to consumers. */
  refunded: bigint
  /** Deposits of reservations that still run, not settled. */
  escrow: bigint
  /** Operator's credit: it withdraws with its own key. */
  withdrawable: bigint
}

export interface SettlementEvents {
  settled: {
    unitId: UnitId
    epoch: Epoch
    reservationIds: readonly bigint[]
    paid: bigint
    refunded: bigint
    /** Of the transaction, which may have settled other units too. */
    gasUsed: bigint
  }
  activated: { reservationId: bigint; unitId: UnitId }
  failed: { unitId: UnitId; epoch: Epoch; code: string }
}

export interface SettlementService {
  start(): Promise<void>
  stop(): Promise<void>
  /** One pass over all units at the newest final attestation; runs by itself at every block otherwise. */
  settleNow(): Promise<void>
  earnings(signal?: AbortSignal): Promise<EarningsOfToken[]>
  on<E extends keyof SettlementEvents>(event: E, listener: (value: SettlementEvents[E]) => void): () => void
}
