/** The chain as the protocol sees it. Behind it: log cursors and RPC endpoints in a node, a model in the simulation. */
import type { AcceptedAttestation, ChainFacts, EpochStatus } from '../chain-facts.ts'
import type { AttestationHeader, Domain } from '../eip712.ts'
import type { EpochClock } from '../epoch-clock.ts'
import type { Epoch, NodeIndex } from '../ids.ts'
import type { Signature } from './signer.ts'

export interface ChainReader {
  readonly domain: Domain
  readonly clock: EpochClock
  /** Facts at B_e. Waits until that block is known; rejects with a closed code when the chain can't be reached. */
  factsAt(epoch: Epoch, signal: AbortSignal): Promise<ChainFacts>
  epochStatus(epoch: Epoch, signal: AbortSignal): Promise<EpochStatus>
  /** The newest attestation accepted at the chain's head, deep or not; `undefined` before the first. */
  latestAttestation(signal: AbortSignal): Promise<AcceptedAttestation | undefined>
  /** The newest final attestation whose epoch is below `epoch`. */
  finalBefore(epoch: Epoch, signal: AbortSignal): Promise<AcceptedAttestation | undefined>
}

/** What became of a submission. `superseded`: the contract returned early because another one was first. */
export type SubmitOutcome = { kind: 'accepted' | 'superseded'; gasUsed: bigint }

export interface SignedBy {
  index: NodeIndex
  signature: Signature
}

export interface AttestationSink {
  /** Sends and waits for the receipt. Sending the same attestation again sends the same bytes. */
  submit(header: AttestationHeader, signatures: readonly SignedBy[], signal: AbortSignal): Promise<SubmitOutcome>
}
