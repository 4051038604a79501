/** Where a consumer gets its index from and has changes countersigned: the provider's node. */
import { LightmeshError } from '../errors.ts'
import type { Hash32 } from '../ids.ts'
import type { IndexChange, SignedObjectIndex } from '../manifest/object-index.ts'
import type { Signature } from './signer.ts'

/** Why a change was not countersigned. The order is the wire value; new codes go to the end. */
export const INDEX_REFUSALS = [
  'malformed',
  'bad-signature',
  'reservation-unknown',
  'not-the-consumer',
  'reservation-inactive',
  /** The provider's index has another seq than the change builds on. */
  'conflict',
  /** An object of the change is not stored, or not in its announced length. */
  'object-missing',
  'too-large',
  'backend-failed',
] as const
export type IndexRefusal = (typeof INDEX_REFUSALS)[number]

export class IndexError extends LightmeshError<IndexRefusal | 'unreachable' | 'malformed-answer'> {
  override readonly name = 'IndexError'
}

export interface IndexSource {
  /** The provider's copy with both signatures checked; `undefined` when nothing was ever stored. @throws {IndexError} */
  latest(reservationId: bigint, signal: AbortSignal): Promise<SignedObjectIndex | undefined>
  /** @returns the provider's signature over the changed index, checked. @throws {IndexError} */
  commit(change: IndexChange, signed: CommitSigned, signal: AbortSignal): Promise<Signature>
}

export interface CommitSigned {
  /** Digest of the index after the change, and the consumer's signature over it. */
  digest: Hash32
  consumerSignature: Signature
}
