/** The commit: an oracle binds itself to its observations before it can know anyone else's. */
import { encodeCanonical, read } from '../../core/canonical-cbor.ts'
import type { CommitFields } from '../../core/eip712.ts'
import { type Hash32, hexToBytes, type NodeIndex } from '../../core/ids.ts'
import type { Signature } from '../../core/ports/signer.ts'
import { decodeFields, hashField, indexField, MAX_EPOCH, MESSAGE_VERSION, signatureField } from './fields.ts'
import { type RoundRules, seatOf, signedBySeat } from './rules.ts'
import { type Checked, ignore, reject } from './verdict.ts'

export interface CommitMessage extends CommitFields {
  index: NodeIndex
  signature: Signature
}

export function encodeCommit(m: CommitMessage): Uint8Array {
  return encodeCanonical([MESSAGE_VERSION, m.setId, m.epoch, m.index, hexToBytes(m.commitHash), m.signature])
}

/** @throws {CodecError} */
export function decodeCommit(bytes: Uint8Array): CommitMessage {
  const [setId, epoch, index, commitHash, signature] = decodeFields(bytes, 5)
  return {
    setId: read.uint(setId),
    epoch: read.uint(epoch, MAX_EPOCH),
    index: indexField(index),
    commitHash: hashField(commitHash),
    signature: signatureField(signature),
  }
}

/** @param held commit hash of this author that is already known. */
export function checkCommit(m: CommitMessage, rules: RoundRules, held: Hash32 | undefined): Checked<CommitMessage> {
  // 6.2 The set is the epoch's, and the author's index has a seat in it.
  if (m.setId !== rules.setId) return ignore('wrong-set')
  if (!seatOf(rules, m.index)) return ignore('no-such-seat')
  // 6.3 One commit an author and epoch; the first one heard is the one that counts.
  if (held === m.commitHash) return ignore('duplicate')
  // 6.4 The signature is the seat's.
  if (!signedBySeat(rules, m.index, rules.digests.commit(m), m.signature)) return reject('bad-signature')
  // 6.5 A second, different commit is equivocation: kept as evidence, not forwarded.
  if (held !== undefined) return { verdict: 'ignore', code: 'equivocation', message: m }
  return { verdict: 'accept', message: m }
}
