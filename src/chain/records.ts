/** What the projection of the contracts' events keeps, one interface per subject. All amounts in a token's smallest unit. */
import type { AcceptedAttestation, HashChainAnchor } from '../core/chain-facts.ts'
import type { Address, Epoch, Hash32, UnitId } from '../core/ids.ts'
import type { EvaluationParams } from '../core/params.ts'
import type { RegisteredUnit, UnitState } from '../core/units.ts'

export interface OracleSetRecord {
  setId: number
  firstEpoch: Epoch
  quorum: number
  nodes: readonly Address[]
}

export interface OracleRecord {
  operator: Address
  node: Address
  bond: bigint
  /** Candidate for the next set. */
  seated: boolean
  /** Epoch in which it asked to leave. */
  leftEpoch: Epoch | undefined
  slashed: bigint
  /** Oldest first. */
  anchors: readonly HashChainAnchor[]
}

export interface EvaluationRecord {
  fromEpoch: Epoch
  evaluatorVersion: number
  paramsHash: Hash32
  params: EvaluationParams
}

export interface ProviderRecord {
  operator: Address
  node: Address
  bond: bigint
  slashed: bigint
}

export interface UnitRecord extends RegisteredUnit {
  /** Last attested state that was brought to the contract. */
  attestedState: UnitState
  stateEpoch: Epoch
  autoAccept: boolean
  reservedBytes: bigint
  /** Announced window, its end exclusive: `status` says Active all along, the facts of its epochs say Maintenance. */
  maintenance: { fromEpoch: Epoch; untilEpoch: Epoch } | undefined
  registeredBlock: bigint
}

export const RESERVATION_STATUSES = ['None', 'Held', 'Active', 'Released', 'Expired', 'Cancelled', 'Rejected'] as const
export type ReservationStatus = (typeof RESERVATION_STATUSES)[number]

export interface ReservationRecord {
  id: bigint
  unitId: UnitId
  consumer: Address
  token: Address
  status: ReservationStatus
  capacityBytes: bigint
  epochs: number
  ratePerEpoch: bigint
  deposited: bigint
  /** Settled up to here; the baseline when just activated; `undefined` while held. */
  lastEpoch: Epoch | undefined
  endEpoch: Epoch | undefined
  /** The unit's `paidBpsSum` at the baseline. */
  basePaidBpsSum: bigint | undefined
  /** To the provider, protocol fee included. */
  paid: bigint
  refunded: bigint
  /** Topped up, and not used by an extension yet. */
  surplus: bigint
  /** Its capacity went back to the unit before it was settled. */
  capacityFreed: boolean
  /** From when an opened escape can be executed. */
  escapeEpoch: Epoch | undefined
  heldBlock: bigint
}

export interface DisputeRecord {
  id: bigint
  reservationId: bigint
  opener: Address
  /** 0 availability, 1 integrity, 2 latency, 3 throughput. */
  kind: number
  amount: bigint
  deadline: Epoch
  evidenceHash: Hash32
  /** 1 upheld, 2 rejected, 3 neutral; `undefined` while open. */
  verdict: number | undefined
}

/** Money that went through the contract in one token. */
export interface TokenTotals {
  token: Address
  deposited: bigint
  withdrawn: bigint
  paid: bigint
  refunded: bigint
}

export interface AttestationRecord extends AcceptedAttestation {
  /** As the ring keeps it: what `settle` and `activate` take. 0 for the first of all. */
  ringPrevEpoch: Epoch
  /** Bit i = node i of the set signed. */
  signers: number
}
