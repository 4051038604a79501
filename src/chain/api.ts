/** The chain as a composition root and the API see it: reading, watching and writing. */
import type { Domain } from '../core/eip712.ts'
import type { EpochClock } from '../core/epoch-clock.ts'
import type { Address, Epoch, Hash32, Hex, UnitId } from '../core/ids.ts'
import type { ChainReader } from '../core/ports/chain.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { KeyValueStore } from '../core/ports/key-value-store.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { Metrics } from '../core/ports/metrics.ts'
import type { Signer } from '../core/ports/signer.ts'
import type { ChainErrorCode } from './errors.ts'
import type {
  AttestationRecord,
  DisputeRecord,
  EvaluationRecord,
  OracleRecord,
  OracleSetRecord,
  ProviderRecord,
  ReservationRecord,
  TokenTotals,
  UnitRecord,
} from './records.ts'

export interface ChainOptions {
  /** One or two HTTP endpoints. With two, heads and logs are compared. */
  rpcUrls: readonly string[]
  orchestrator: Address
  /** No event of the contracts is older. Default 0. */
  deploymentBlock?: bigint
  /** Blocks after which something counts as settled. `confirmations × block time < 0.3 L`. */
  confirmations: number
  /** Pause between two looks at the head. Default L/48, at least 250, at most 4,000. */
  pollMs?: number
  /** One request. Default 5,000. */
  requestTimeoutMs?: number
  /** Epochs back for which `factsAt` answers. Default 16. A replay of the past takes all: `Number.POSITIVE_INFINITY`. */
  historyEpochs?: number
}

export interface ChainModules {
  clock: Clock
  store: KeyValueStore
  logger: Logger
  metrics: Metrics
}

/** Constants of the deployed contracts. */
export interface ChainNetwork {
  chainId: number
  orchestrator: Address
  oracleSet: Address
  bondToken: Address
  /** Unix seconds of epoch 0's start. */
  genesis: number
  epochSeconds: number
  /** Epochs of a contract day. */
  dayEpochs: number
}

export interface BlockHeader {
  number: bigint
  hash: Hash32
  parentHash: Hash32
  /** Unix seconds. */
  timestamp: number
  /** prevrandao. */
  mixHash: Hash32
  /** `undefined` on chains without EIP-1559. */
  baseFeePerGas: bigint | undefined
}

/** State of the contracts at one block, from their events. */
export interface ChainView {
  readonly block: bigint
  /** The set of an epoch, `undefined` before the first. */
  setAt(epoch: Epoch): OracleSetRecord | undefined
  sets(): OracleSetRecord[]
  /** Ascending by operator. */
  oracles(): OracleRecord[]
  evaluationAt(epoch: Epoch): EvaluationRecord | undefined
  /** Ascending by operator. */
  providers(): ProviderRecord[]
  unit(id: UnitId): UnitRecord | undefined
  /** Ascending by unit id, retired ones included. */
  units(): UnitRecord[]
  reservation(id: bigint): ReservationRecord | undefined
  /** Ascending by id. */
  reservations(filter?: { consumer?: Address; unitId?: UnitId }): ReservationRecord[]
  /** Ascending by id, decided ones included. */
  disputes(): DisputeRecord[]
  attestation(epoch: Epoch): AttestationRecord | undefined
  /** Newest first; only those of epochs below `before`, if given. */
  attestations(limit: number, before?: Epoch): AttestationRecord[]
  totals(): TokenTotals[]
}

export type ChainChange =
  | { kind: 'head'; block: BlockHeader }
  /** Blocks above `block` were undone. */
  | { kind: 'reorg'; block: bigint; depth: number }
  | { kind: 'attestation'; attestation: AttestationRecord }
  | { kind: 'set'; set: OracleSetRecord }
  | { kind: 'unit'; unitId: UnitId; block: bigint }
  | { kind: 'reservation'; id: bigint; block: bigint }
  | { kind: 'provider'; operator: Address; block: bigint }

export interface ChainHealth {
  /** Newest block that was taken in; `undefined` before the first. */
  head: BlockHeader | undefined
  /** Unix ms of the last successful look at the head. */
  lastSeenMs: number | undefined
  /** What is wrong now. */
  problem: { code: ChainErrorCode | 'unknown'; message: string; sinceMs: number } | undefined
}

/** The node's `ChainReader`, with what the rest of the program reads. */
export interface Chain extends ChainReader {
  readonly network: ChainNetwork
  readonly domain: Domain
  readonly clock: EpochClock
  readonly confirmations: number
  /** State at the newest block. */
  view(): ChainView
  /** State at the newest block that is `confirmations` deep. */
  deepView(): ChainView
  /** Called in the order of the chain, from inside the follower: must not throw or take long. */
  subscribe(listener: (change: ChainChange) => void): () => void
  health(): ChainHealth
  /** Resolves once everything up to the chain's present head was taken in; waits through problems (see `health`). */
  synced(signal: AbortSignal): Promise<void>
  /** Native coin of an account, at the head. */
  balance(account: Address, signal: AbortSignal): Promise<bigint>
  tokenBalance(token: Address, account: Address, signal: AbortSignal): Promise<bigint>
  /** What an account may withdraw or spend inside the Orchestrator. */
  credit(token: Address, account: Address, signal: AbortSignal): Promise<bigint>
  stop(): Promise<void>
}

export interface SenderOptions {
  /** Highest price of a unit of gas, in wei. Default 500 gwei. */
  maxFeePerGas?: bigint
  /** Unix-ms pause after which a transaction that waits is priced higher. Default 2 blocks, at least 3,000. */
  replaceAfterMs?: number
}

export interface TransactionRequest {
  to: Address
  data: Hex
  value?: bigint
  /** Estimated when left out, which also finds reverts before anything is paid. */
  gasLimit?: bigint
  /** For logs and metrics, e.g. `settle`. */
  label: string
  /** Two sends with the same key are one transaction, also after a restart. */
  key?: string
}

export interface TransactionLog {
  address: Address
  topics: readonly Hash32[]
  data: Hex
  logIndex: number
}

export interface TransactionReceipt {
  hash: Hash32
  blockNumber: bigint
  blockHash: Hash32
  gasUsed: bigint
  effectiveGasPrice: bigint
  logs: readonly TransactionLog[]
}

/** Sends with one key: own nonces, persisted intents, replacement at a higher fee, the same bytes after a reorg. */
export interface TransactionSender {
  readonly address: Address
  /**
   * Sends and waits for inclusion; keeps watching it until it is settled.
   * @throws {ChainError} `reverted` with the contract's error; `fee-too-high`, `insufficient-funds`, `sender-full`, …
   */
  send(request: TransactionRequest, signal: AbortSignal): Promise<TransactionReceipt>
  /** Transactions that are not settled yet. */
  pending(): number
  stop(): Promise<void>
}

export interface SenderModules extends ChainModules {
  chain: Chain
  signer: Signer
}
