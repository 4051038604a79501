/** Grants: scoped, short-lived rights on a unit's backend that its provider hands out over the request protocol. */
import { LightmeshError } from '../errors.ts'
import type { Address, Epoch, Hash32, Hex } from '../ids.ts'
import type { GrantAction, PresignedRequest } from '../ports/storage.ts'

export interface Grant extends PresignedRequest {
  /** As asked for: for a reservation relative to it, for probing the key in the object list. */
  key: string
}

export interface GrantItem {
  action: GrantAction
  key: string
  /** Writes: exact length of the body. Reads: 0. */
  bytes: number
}

/** probe: an oracle, the subject is a unit. reservation: its consumer, the subject is the reservation. Index = wire value. */
export const GRANT_PURPOSES = ['probe', 'reservation'] as const
export type GrantPurpose = (typeof GRANT_PURPOSES)[number]

export interface GrantRequest {
  purpose: GrantPurpose
  /** Unit id, or `reservationSubject(id)`. */
  subject: Hash32
  requester: Address
  /** The asker's current epoch: an old request can't be used again. */
  epoch: Epoch
  /** Empty for probing: a prober gets the same rights on every unit. */
  items: readonly GrantItem[]
}

/** Why a provider gave no grants. The order is the wire value; new codes go to the end. */
export const GRANT_REFUSALS = [
  'malformed',
  'bad-signature',
  'wrong-epoch',
  'unit-unknown',
  'not-an-oracle',
  'reservation-unknown',
  'not-the-consumer',
  'reservation-inactive',
  'quota-exceeded',
  'unsupported',
  'backend-failed',
  'busy',
] as const
export type GrantRefusal = (typeof GRANT_REFUSALS)[number]

/** A grant that was not to be had: the provider's refusal, or no usable answer at all. */
export class GrantError extends LightmeshError<GrantRefusal | 'unreachable' | 'malformed-answer'> {
  override readonly name = 'GrantError'
}

/** Grants in one answer, at the most. */
export const MAX_GRANTS = 256
export const MAX_GRANT_REQUEST_BYTES = 512 << 10
/** 256 presigned URLs with long keys and session tokens. */
export const MAX_GRANT_RESPONSE_BYTES = 1 << 20

/** An oracle's slot for write probes: one per oracle, so that probers do not overwrite one another. */
export const PROBE_WRITE_BYTES = 65_536
export const PROBE_WRITE_PREFIX = 'lightmesh/probe/write/'
export const PROBE_READ_PREFIX = 'lightmesh/probe/read/'

export function probeWriteKey(oracle: Address): string {
  return PROBE_WRITE_PREFIX + oracle
}

export function reservationSubject(id: bigint): Hash32 {
  return `0x${id.toString(16).padStart(64, '0')}` as Hex
}

/** Where a reservation's objects are in the unit's backend. */
export function reservationPrefix(id: bigint): string {
  return `r/${id}/`
}

export function subjectReservation(subject: Hash32): bigint {
  return BigInt(subject)
}
