/** What the chain says about an epoch: read at one canonical block B_e by every node, proposed by nobody (docs/protocol.md 4). */
import type { AttestationHeader } from './eip712.ts'
import type { Address, Epoch, Hash32, NodeIndex } from './ids.ts'
import type { EvaluationParams } from './params.ts'
import type { RegisteredUnit } from './units.ts'

/** `H^(e − baseEpoch)(x_e) = value`: the published end of an oracle's reverse hash chain. */
export interface HashChainAnchor {
  value: Hash32
  baseEpoch: Epoch
}

export interface OracleSeat {
  index: NodeIndex
  node: Address
  operator: Address
  anchor: HashChainAnchor
}

export interface OracleSetFacts {
  setId: number
  firstEpoch: Epoch
  /** In the contract's order; index = position. */
  seats: readonly OracleSeat[]
}

export interface ChainFacts {
  epoch: Epoch
  block: { number: bigint; hash: Hash32; timestamp: number }
  /** keccak256(chainId, contract, e, prevrandao(B_e)), abi-encoded; the block hash where prevrandao is constant. */
  seed: Hash32
  set: OracleSetFacts
  params: EvaluationParams
  paramsHash: Hash32
  evaluatorVersion: number
  /** Ascending by unit id; retired units are left out. */
  units: readonly RegisteredUnit[]
}

/** An attestation that the contract accepted. */
export interface AcceptedAttestation {
  header: AttestationHeader
  /** Epoch of the attestation before, `undefined` for the first of an era. */
  prevEpoch: Epoch | undefined
  era: number
  blockNumber: bigint
  blockTimestamp: number
  txHash: Hash32
}

/**
 * final: accepted and `confirmations` deep. skipped: a block later than the last admissible instant is that deep and the
 * epoch is absent. accepted: on chain, not deep yet. open: neither.
 */
export type EpochStatus =
  | { readonly kind: 'final' | 'accepted'; readonly attestation: AcceptedAttestation }
  | { readonly kind: 'skipped' | 'open' }
