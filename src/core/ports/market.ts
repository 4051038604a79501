/**
 * The market on chain as providers, consumers and relays see it: units, reservations, attested roots, money. Behind it:
 * the follower's state at the newest block and a transaction sender. Amounts are in a token's smallest unit.
 */
import type { AcceptedAttestation } from '../chain-facts.ts'
import { LightmeshError } from '../errors.ts'
import type { Address, Epoch, Hash32, UnitId } from '../ids.ts'
import type { UnitLeaf } from '../leaves.ts'
import type { RegisteredUnit, UnitState, UnitTerms } from '../units.ts'
import type { Signature } from './signer.ts'

export type MarketErrorCode =
  /** The contract refused the call: `reason` has its error's name, e.g. `CapacityExceeded`. Nothing was paid. */
  | 'refused'
  /** The chain could not be read or written; the same call may succeed later. */
  | 'unavailable'
  /** The account cannot pay for the transaction or the deposit. */
  | 'insufficient-funds'
  | 'stopped'

/** What a call to the market failed at. Adapters map their own errors to these codes and keep the cause. */
export class MarketError extends LightmeshError<MarketErrorCode> {
  override readonly name = 'MarketError'
  /** With `refused` only: the contract's error. */
  readonly reason: string | undefined
  /** Arguments of that error, in its order. */
  readonly args: readonly unknown[]

  constructor(
    code: MarketErrorCode,
    message: string,
    options?: { cause?: unknown; reason?: string; args?: readonly unknown[] },
  ) {
    super(code, message, options)
    this.reason = options?.reason
    this.args = options?.args ?? []
  }
}

export interface MarketUnit extends RegisteredUnit {
  /** Last attested state that was brought to the contract. */
  attestedState: UnitState
  stateEpoch: Epoch
  /** Anyone may activate its reservations, else its provider only. */
  autoAccept: boolean
  reservedBytes: bigint
}

export type MarketReservationStatus = 'None' | 'Held' | 'Active' | 'Released' | 'Expired' | 'Cancelled' | 'Rejected'

export interface MarketReservation {
  id: bigint
  unitId: UnitId
  consumer: Address
  token: Address
  status: MarketReservationStatus
  capacityBytes: bigint
  epochs: number
  ratePerEpoch: bigint
  deposited: bigint
  /** Settled up to here; the baseline when just activated; `undefined` while held. */
  lastEpoch: Epoch | undefined
  /** Last epoch that is paid for; `undefined` while held. */
  endEpoch: Epoch | undefined
  /** To the provider, protocol fee included. */
  paid: bigint
  refunded: bigint
  /** From when an opened escape can be executed, unless a newer leaf answers it before. */
  escapeEpoch?: Epoch | undefined
}

/** Where a running reservation stands, read from the contract itself. */
export interface ReservationBaseline {
  lastEpoch: Epoch
  endEpoch: Epoch
  /** The unit's `paidBpsSum` at `lastEpoch`. */
  paidBpsSum: bigint
  era: number
}

export interface MarketAttestation extends AcceptedAttestation {
  /** As the ring keeps it: what `settle` and `activate` take. 0 for the first of all. */
  ringPrevEpoch: Epoch
}

export type MarketChange =
  | { kind: 'head'; block: bigint }
  | { kind: 'reorg'; block: bigint }
  | { kind: 'attestation'; epoch: Epoch }
  | { kind: 'unit'; unitId: UnitId }
  | { kind: 'reservation'; id: bigint }

/** State at the newest block, in memory. Nothing here waits but the reads that take a signal. */
export interface MarketReader {
  unit(id: UnitId): MarketUnit | undefined
  /** Ascending by unit id, retired ones included. */
  units(): readonly MarketUnit[]
  reservation(id: bigint): MarketReservation | undefined
  /** Ascending by id. */
  reservations(filter?: { consumer?: Address; unitId?: UnitId }): readonly MarketReservation[]
  attestation(epoch: Epoch): MarketAttestation | undefined
  /** The last accepted one, deep or not: what `activate` is checked against. */
  latestAttestation(): MarketAttestation | undefined
  /** The newest one that is as deep as it has to be. */
  finalAttestation(): MarketAttestation | undefined
  /** Operator of a provider's node key; `undefined` when it is not registered. */
  operatorOf(provider: Address): Address | undefined
  /** Called in the order of the chain. A listener must not throw or take long. */
  watch(listener: (change: MarketChange) => void): () => void
  baseline(reservationId: bigint, signal: AbortSignal): Promise<ReservationBaseline>
  /** What an account may withdraw or spend inside the contract. */
  credit(token: Address, account: Address, signal: AbortSignal): Promise<bigint>
  tokenBalance(token: Address, account: Address, signal: AbortSignal): Promise<bigint>
}

/** A unit's leaf with its proof up to the root of its epoch, as a state holder gives it: not checked yet. */
export interface UnitLeafProof {
  leaf: UnitLeaf
  /** Siblings from the leaf up. */
  proof: readonly Hash32[]
  epoch: Epoch
  root: Hash32
}

/** Who can prove leaves: this node's own oracle engine, or peers that answer. */
export interface LeafSource {
  /**
   * @param epoch the newest the source has when left out.
   * @returns `undefined` when nobody has it; never proof that anything is right: callers check against the chain.
   */
  unitProof(unitId: UnitId, epoch: Epoch | undefined, signal: AbortSignal): Promise<UnitLeafProof | undefined>
}

export interface ReserveTerms {
  unitId: UnitId
  capacityBytes: bigint
  epochs: number
  /** Highest price that is agreed to. */
  maxPricePerGibEpoch: bigint
}

/** A leaf as the contract takes it. */
export interface ProvenLeaf {
  leaf: UnitLeaf
  proof: readonly Hash32[]
  /** Epoch of the attestation before the leaf's. */
  ringPrevEpoch: Epoch
}

/** Leaves of one epoch, in the order of their multiproof, with the reservations that each settles. */
export interface ProvenLeaves {
  settlements: readonly { leaf: UnitLeaf; ids: readonly bigint[] }[]
  proof: readonly Hash32[]
  flags: readonly boolean[]
  ringPrevEpoch: Epoch
}

export interface MarketReceipt {
  txHash: Hash32
  blockNumber: bigint
  gasUsed: bigint
}

/**
 * Transactions of one account. Each waits for its receipt; two calls with the same `key` are one transaction, also after
 * a restart. All throw `MarketError`, or the signal's reason.
 */
export interface MarketWriter {
  readonly account: Address
  /** Lets the contract take up to `amount` of the account's tokens; does nothing when it may already. */
  approve(token: Address, amount: bigint, signal: AbortSignal): Promise<void>
  reserve(terms: ReserveTerms, key: string, signal: AbortSignal): Promise<MarketReceipt & { id: bigint }>
  activate(id: bigint, leaf: ProvenLeaf, key: string, signal: AbortSignal): Promise<MarketReceipt>
  settle(leaf: ProvenLeaf, ids: readonly bigint[], key: string, signal: AbortSignal): Promise<MarketReceipt>
  settleMany(leaves: ProvenLeaves, key: string, signal: AbortSignal): Promise<MarketReceipt>
  applyState(leaf: ProvenLeaf, key: string, signal: AbortSignal): Promise<MarketReceipt>
  /** Takes note of a loss that the leaf attests. */
  noticeLoss(leaf: ProvenLeaf, key: string, signal: AbortSignal): Promise<MarketReceipt>
  /** Slashes a noticed loss that a leaf from after the dispute window still shows; the account gets the reward. */
  slashLoss(leaf: ProvenLeaf, key: string, signal: AbortSignal): Promise<MarketReceipt>
  /** Slashes the provider of a unit that the leaf attests as removed while capacity is reserved in it. */
  slashAbandonment(leaf: ProvenLeaf, key: string, signal: AbortSignal): Promise<MarketReceipt>
  cancel(id: bigint, key: string, signal: AbortSignal): Promise<MarketReceipt>
  /** Pays further epochs at the same rate. */
  extend(id: bigint, epochs: number, key: string, signal: AbortSignal): Promise<MarketReceipt>
  /** Gives back the epochs after the next one, and their money. */
  release(id: bigint, key: string, signal: AbortSignal): Promise<MarketReceipt>
  /** Opens the escape of a reservation that was not settled for the escape period. */
  openEscape(id: bigint, key: string, signal: AbortSignal): Promise<MarketReceipt>
  /** Closes a reservation whose escape nobody answered. */
  executeEscape(id: bigint, key: string, signal: AbortSignal): Promise<MarketReceipt>
  /** Sends the account's whole credit. */
  withdraw(token: Address, to: Address, signal: AbortSignal): Promise<MarketReceipt & { amount: bigint }>
  /** Relays a provider's signed offer. */
  registerUnitFor(terms: UnitTerms, deadline: number, signature: Signature, signal: AbortSignal): Promise<MarketReceipt>
}
