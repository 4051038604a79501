/** One oracle's signature under an attestation header. */
import { encodeCanonical } from '../../core/canonical-cbor.ts'
import type { AttestationHeader } from '../../core/eip712.ts'
import type { Hash32, NodeIndex } from '../../core/ids.ts'
import type { Signature } from '../../core/ports/signer.ts'
import { decodeHeaderFields, encodeHeaderFields } from '../evidence.ts'
import { decodeFields, indexField, MESSAGE_VERSION, signatureField } from './fields.ts'
import { type RoundRules, seatOf, signedBySeat } from './rules.ts'
import { type Checked, ignore, reject } from './verdict.ts'

export interface SignatureMessage {
  header: AttestationHeader
  index: NodeIndex
  signature: Signature
}

export function encodeSignature(m: SignatureMessage): Uint8Array {
  return encodeCanonical([MESSAGE_VERSION, encodeHeaderFields(m.header), m.index, m.signature])
}

/** @throws {CodecError} */
export function decodeSignature(bytes: Uint8Array): SignatureMessage {
  const [header, index, signature] = decodeFields(bytes, 3)
  return { header: decodeHeaderFields(header), index: indexField(index), signature: signatureField(signature) }
}

export interface CheckedSignature {
  message: SignatureMessage
  /** EIP-712 digest of the header. */
  digest: Hash32
}

/** @param held digest that this author is already known to have signed for the attempt. */
export function checkSignature(
  m: SignatureMessage,
  rules: RoundRules,
  held: Hash32 | undefined,
): Checked<CheckedSignature> {
  // 10.2 The set is the epoch's, the index has a seat, the attempt exists.
  if (m.header.setId !== rules.setId) return ignore('wrong-set')
  if (!seatOf(rules, m.index)) return ignore('no-such-seat')
  if (m.header.attempt > rules.f) return ignore('wrong-attempt')
  // 10.3 Parameters and evaluator are the chain's.
  if (m.header.paramsHash !== rules.facts.paramsHash || m.header.evaluatorVersion !== rules.facts.evaluatorVersion)
    return ignore('wrong-header')
  const digest = rules.digests.attestation(m.header)
  // 10.4 One signature an author and attempt.
  if (held === digest) return ignore('duplicate')
  // 10.5 The signature is the seat's.
  if (!signedBySeat(rules, m.index, digest, m.signature)) return reject('bad-signature')
  // 10.6 A second, different one is equivocation: evidence for the contract.
  if (held !== undefined) return { verdict: 'ignore', code: 'equivocation', message: { message: m, digest } }
  return { verdict: 'accept', message: { message: m, digest } }
}
