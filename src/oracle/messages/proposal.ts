/** The proposal: which reveals an attempt is evaluated on. Never the result. */
import { encodeCanonical, read } from '../../core/canonical-cbor.ts'
import type { ProposalFields } from '../../core/eip712.ts'
import { hashIndexed, type IndexedHash } from '../../core/hash-list.ts'
import { hexToBytes, type NodeIndex } from '../../core/ids.ts'
import type { Signature } from '../../core/ports/signer.ts'
import { proposerOf } from '../permutation.ts'
import {
  decodeFields,
  encodeHashList,
  hashField,
  hashListField,
  indexField,
  MAX_EPOCH,
  MESSAGE_VERSION,
  signatureField,
} from './fields.ts'
import { type RoundRules, seatOf, signedBySeat } from './rules.ts'
import { type Checked, ignore, reject } from './verdict.ts'

/** `inputsHash` is derived from `inputs`; the wire carries the list only. */
export interface ProposalMessage extends ProposalFields {
  /** The proposer. */
  index: NodeIndex
  /** Digest of one reveal header a node. */
  inputs: readonly IndexedHash[]
  signature: Signature
}

export function encodeProposal(m: ProposalMessage): Uint8Array {
  return encodeCanonical([
    MESSAGE_VERSION,
    m.setId,
    m.epoch,
    m.attempt,
    m.index,
    hexToBytes(m.parentRoot),
    encodeHashList(m.inputs),
    m.signature,
  ])
}

/** @throws {CodecError} */
export function decodeProposal(bytes: Uint8Array): ProposalMessage {
  const [setId, epoch, attempt, index, parentRoot, inputsField, signature] = decodeFields(bytes, 7)
  const inputs = hashListField(inputsField)
  return {
    setId: read.uint(setId),
    epoch: read.uint(epoch, MAX_EPOCH),
    attempt: read.uint(attempt, 255),
    index: indexField(index),
    parentRoot: hashField(parentRoot),
    inputsHash: hashIndexed(inputs),
    inputs,
    signature: signatureField(signature),
  }
}

/** @param held a valid proposal of this attempt is already known: its encoding. */
export function checkProposal(
  m: ProposalMessage,
  rules: RoundRules,
  held: ProposalMessage | undefined,
): Checked<ProposalMessage> {
  // 8.2 The set is the epoch's; there are f + 1 attempts.
  if (m.setId !== rules.setId) return ignore('wrong-set')
  if (m.attempt > rules.f) return ignore('wrong-attempt')
  // 8.3 The author is the attempt's proposer.
  if (m.index !== proposerOf(rules.facts.seed, m.epoch, m.attempt, rules.n)) return ignore('wrong-proposer')
  // 8.4 At least n − f nodes, each with a seat.
  if (m.inputs.length < rules.n - rules.f) return ignore('too-few-inputs')
  if (m.inputs.some(({ index }) => !seatOf(rules, index))) return ignore('no-such-seat')
  // 8.5 One proposal an attempt: the first one heard.
  if (held && held.inputsHash === m.inputsHash && held.parentRoot === m.parentRoot) return ignore('duplicate')
  // 8.6 The signature is the proposer's.
  if (!signedBySeat(rules, m.index, rules.digests.proposal(m), m.signature)) return reject('bad-signature')
  if (held) return { verdict: 'ignore', code: 'equivocation', message: m }
  return { verdict: 'accept', message: m }
}
