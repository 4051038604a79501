/** What the validation of an epoch's messages may look at: chain facts and the signature scheme, never who is connected. */
import type { ChainFacts, OracleSeat } from '../../core/chain-facts.ts'
import type { Digests } from '../../core/eip712.ts'
import type { Hash32, NodeIndex } from '../../core/ids.ts'
import type { Signature, SignatureScheme } from '../../core/ports/signer.ts'
import { maxFaulty, quorumOf } from '../../core/quorum.ts'
import type { SecretVerifier } from '../hash-chain.ts'

export interface RoundRules {
  readonly facts: ChainFacts
  readonly setId: number
  readonly n: number
  readonly f: number
  readonly quorum: number
  readonly digests: Digests
  readonly signatures: SignatureScheme
  readonly secrets: SecretVerifier
}

export function roundRules(
  facts: ChainFacts,
  modules: { digests: Digests; signatures: SignatureScheme; secrets: SecretVerifier },
): RoundRules {
  const n = facts.set.seats.length
  return { facts, setId: facts.set.setId, n, f: maxFaulty(n), quorum: quorumOf(n), ...modules }
}

export function seatOf(rules: RoundRules, index: NodeIndex): OracleSeat | undefined {
  return rules.facts.set.seats[index]
}

export function signedBySeat(rules: RoundRules, index: NodeIndex, digest: Hash32, signature: Signature): boolean {
  const seat = seatOf(rules, index)
  return seat !== undefined && rules.signatures.recover(digest, signature) === seat.node
}
