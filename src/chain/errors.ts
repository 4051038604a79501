/** What can go wrong between a node and its chain. */
import { LightmeshError } from '../core/errors.ts'

export type ChainErrorCode =
  /** No endpoint answered. */
  | 'rpc-unreachable'
  | 'rpc-timeout'
  /** The endpoint asks for fewer requests. */
  | 'rpc-throttled'
  /** The answer is no JSON-RPC, too long, or of another shape. */
  | 'rpc-malformed'
  /** The endpoint answered with an error of its own. */
  | 'rpc-error'
  /** The answer contradicts what the same endpoint said before, or itself. */
  | 'rpc-inconsistent'
  /** One of two endpoints is behind the other; it is left out meanwhile. */
  | 'rpc-lagging'
  /** Two endpoints tell different stories at a depth where no honest ones can. */
  | 'rpc-disagreement'
  /** The endpoint serves another chain, or the address has no Orchestrator. */
  | 'wrong-network'
  /** The chain was rewritten below what this node had taken for settled. */
  | 'reorg-too-deep'
  /** No oracle set, or no evaluation, is in force at the epoch. */
  | 'no-oracle-set'
  | 'no-evaluation'
  /** State at that epoch is older than what is kept. */
  | 'epoch-too-old'
  /** The contract refused the call; `revert` names its error. */
  | 'reverted'
  /** Inclusion costs more than the configured cap. */
  | 'fee-too-high'
  | 'insufficient-funds'
  /** Somebody else used this key's nonce. */
  | 'nonce-taken'
  /** Too many transactions wait for inclusion. */
  | 'sender-full'
  /** Why the contract would not take an attestation. */
  | 'attestation-outside-window'
  | 'attestation-wrong-parent'
  | 'attestation-wrong-set'
  | 'attestation-wrong-parameters'
  | 'attestation-bad-signatures'
  | 'stopped'

/** A custom error of a contract. */
export interface Revert {
  /** e.g. `BondTooLow`; `unknown` when the contracts' ABIs do not have it. */
  name: string
  args: readonly unknown[]
}

export class ChainError extends LightmeshError<ChainErrorCode> {
  override readonly name = 'ChainError'
  /** With `reverted` only. */
  readonly revert: Revert | undefined

  constructor(code: ChainErrorCode, message: string, options?: { cause?: unknown; revert?: Revert }) {
    super(code, message, options)
    this.revert = options?.revert
  }
}

/** Codes after which the same call may succeed later. */
export const RETRYABLE_CHAIN_CODES: ReadonlySet<ChainErrorCode> = new Set([
  'rpc-unreachable',
  'rpc-timeout',
  'rpc-throttled',
  'rpc-malformed',
  'rpc-error',
  'rpc-inconsistent',
  'rpc-disagreement',
  'fee-too-high',
])
