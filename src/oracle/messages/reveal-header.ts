/** The reveal header: what was committed, the secret behind the assignment, and whose commits were seen in time. */
import { encodeCanonical, read } from '../../core/canonical-cbor.ts'
import type { RevealHeaderFields } from '../../core/eip712.ts'
import { commitHashOf, hashIndexed, type IndexedHash } from '../../core/hash-list.ts'
import { type Hash32, hexToBytes, type NodeIndex } from '../../core/ids.ts'
import type { Signature } from '../../core/ports/signer.ts'
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

/** `seenHash` is derived from `seen`; the wire carries the list only. */
export interface RevealHeaderMessage extends RevealHeaderFields {
  index: NodeIndex
  /** Commits counted in time by the author's clock, its own among them. */
  seen: readonly IndexedHash[]
  signature: Signature
}

export function encodeRevealHeader(m: RevealHeaderMessage): Uint8Array {
  return encodeCanonical([
    MESSAGE_VERSION,
    m.setId,
    m.epoch,
    m.index,
    hexToBytes(m.batchHash),
    hexToBytes(m.salt),
    hexToBytes(m.secret),
    hexToBytes(m.blockHash),
    encodeHashList(m.seen),
    m.signature,
  ])
}

/** @throws {CodecError} */
export function decodeRevealHeader(bytes: Uint8Array): RevealHeaderMessage {
  const [setId, epoch, index, batchHash, salt, secret, blockHash, seenField, signature] = decodeFields(bytes, 9)
  const seen = hashListField(seenField)
  return {
    setId: read.uint(setId),
    epoch: read.uint(epoch, MAX_EPOCH),
    index: indexField(index),
    batchHash: hashField(batchHash),
    salt: hashField(salt),
    secret: hashField(secret),
    blockHash: hashField(blockHash),
    seenHash: hashIndexed(seen),
    seen,
    signature: signatureField(signature),
  }
}

export interface CheckedReveal {
  message: RevealHeaderMessage
  /** EIP-712 digest, the name under which proposals refer to it. */
  digest: Hash32
}

/**
 * @param held digests of this author's headers that are already known.
 * @param wanted digests that a proposal named: those are taken even when another header of the author is held.
 */
export function checkRevealHeader(
  m: RevealHeaderMessage,
  rules: RoundRules,
  held: readonly Hash32[],
): Checked<CheckedReveal> {
  // 7.2 The set is the epoch's, and the author's index has a seat in it.
  if (m.setId !== rules.setId) return ignore('wrong-set')
  const seat = seatOf(rules, m.index)
  if (!seat) return ignore('no-such-seat')
  // 7.3 The header was made on the same block B_e.
  if (m.blockHash !== rules.facts.block.hash) return ignore('wrong-block')
  const digest = rules.digests.revealHeader(m)
  // 7.4 What is known already is not checked again.
  if (held.includes(digest)) return ignore('duplicate')
  // 7.5 The signature is the seat's. Before the hash chain, which is dearer and which anyone could make us walk.
  if (!signedBySeat(rules, m.index, digest, m.signature)) return reject('bad-signature')
  // 7.6 The secret leads to the seat's anchor.
  if (!rules.secrets.verify(seat.node, seat.anchor, m.epoch, m.secret)) return ignore('wrong-secret')
  // 7.7 The author's own commit stands in its list: a header that hides it can not count anyway.
  const own = m.seen.find((entry) => entry.index === m.index)
  if (own?.hash !== commitHashOf(m.batchHash, m.salt, seat.node, m.epoch)) return ignore('commit-mismatch')
  // 7.8 A second, different header is equivocation: evidence, yet a proposal may name it, so that it is kept.
  if (held.length > 0) return { verdict: 'ignore', code: 'equivocation', message: { message: m, digest } }
  return { verdict: 'accept', message: { message: m, digest } }
}
