/** Data units as every part of the program sees them: terms from the chain, integers with units in their names. */
import type { Address, Hash32, UnitId } from './ids.ts'

/** Index = the value on chain (docs/protocol.md 2.4). */
export const UNIT_KINDS = ['s3', 'azure-blob', 'gcs', 'disk', 'function'] as const
export type UnitKind = (typeof UNIT_KINDS)[number]

export const UNIT_STATUSES = ['Pending', 'Active', 'Maintenance', 'Retired'] as const
export type UnitStatus = (typeof UNIT_STATUSES)[number]

export const UNIT_STATES = ['Pending', 'Vetting', 'Active', 'Warned', 'Suspended', 'Probation', 'Removed'] as const
export type UnitState = (typeof UNIT_STATES)[number]

/** What the unit promises. 0 in a latency or throughput field: no promise. */
export interface SlaTerms {
  /** e.g. 999_000 for 99.9 %. */
  availabilityPpm: number
  ttfbP95Ms: number
  downP10Kbps: number
  upP10Kbps: number
}

/** Immutable terms of a data unit, plus its capacity; the EIP-712 type `DataUnit` less its deadline. */
export interface UnitTerms {
  /** Node key address of the provider. */
  provider: Address
  nonce: bigint
  kind: UnitKind
  /** UTF-8, at most 32 bytes. */
  region: string
  token: Address
  capacityBytes: bigint
  /** Smallest token units per GiB and epoch. */
  pricePerGibEpoch: bigint
  egressBytesPerEpoch: bigint
  sla: SlaTerms
}

/** A unit as the contract knows it at some block. */
export interface RegisteredUnit {
  id: UnitId
  terms: UnitTerms
  /** Owner of bond and earnings; an oracle never reports on a unit of its own operator. */
  operator: Address
  status: UnitStatus
  termsHash: Hash32
}
