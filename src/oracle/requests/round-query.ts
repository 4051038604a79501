/**
 * The pull beside the gossip: "of this epoch I have these, what else is there?". Gossip loses messages and forgets them;
 * whatever a node still lacks when a phase ends is asked for from several peers.
 */
import { type CborValue, decodeCanonical, encodeCanonical, read } from '../../core/canonical-cbor.ts'
import type { Epoch } from '../../core/ids.ts'
import { MAX_ORACLES } from '../../core/quorum.ts'
import type { GossipName } from '../context.ts'
import { MAX_EPOCH, MAX_MESSAGE_BYTES } from '../messages/fields.ts'
import type { Round } from '../round.ts'
import { MAX_REQUEST_BYTES } from './protocols.ts'

export interface RoundQuery {
  epoch: Epoch
  /** Bit i: the commit of node i is held. All ones asks for none. */
  commits: number
  headers: number
  /** Attempt whose proposal and signatures are wanted. */
  attempt: number
  /** The proposal is held. */
  proposal: boolean
  signatures: number
}

const KINDS: readonly GossipName[] = ['commit', 'reveal', 'proposal', 'signature']
/** All bits of a set of 31. */
export const ALL = 2 ** 31 - 1
export const MAX_ANSWER_BYTES = (3 * MAX_ORACLES + 1) * (MAX_MESSAGE_BYTES + 8)

export function encodeRoundQuery(q: RoundQuery): Uint8Array {
  return encodeCanonical([q.epoch, q.commits, q.headers, q.attempt, q.proposal, q.signatures])
}

/** @throws {CodecError} */
export function decodeRoundQuery(bytes: Uint8Array): RoundQuery {
  const [epoch, commits, headers, attempt, proposal, signatures] = read.tuple(
    decodeCanonical(bytes, MAX_REQUEST_BYTES),
    6,
  )
  return {
    epoch: read.uint(epoch, MAX_EPOCH),
    commits: read.uint(commits, ALL),
    headers: read.uint(headers, ALL),
    attempt: read.uint(attempt, 255),
    proposal: proposal === true,
    signatures: read.uint(signatures, ALL),
  }
}

export const bitsOf = (indexes: Iterable<number>): number => {
  let bits = 0
  for (const index of indexes) bits |= 1 << index
  return bits
}

/** What this node has and the asker has not. */
export function answerRoundQuery(round: Round, q: RoundQuery): Uint8Array {
  const out: CborValue[] = []
  const add = (name: GossipName, bytes: Uint8Array) => out.push([KINDS.indexOf(name), bytes])
  for (const [index, held] of round.commits) if (!(q.commits & (1 << index))) add('commit', held.bytes)
  // One header an author: contradicting ones are fetched by their digest when a proposal names them.
  for (let index = 0; index < MAX_ORACLES; index++) {
    const digest = round.headersOf(index)[0]
    if (digest && !(q.headers & (1 << index))) add('reveal', round.headers.get(digest)!.bytes)
  }
  const proposal = round.proposals.get(q.attempt)
  if (proposal && !q.proposal) add('proposal', proposal.bytes)
  for (const [index, held] of round.signatures.get(q.attempt) ?? [])
    if (!(q.signatures & (1 << index))) add('signature', held.bytes)
  return encodeCanonical(out)
}

/** @throws {CodecError} */
export function decodeRoundAnswer(bytes: Uint8Array): { name: GossipName; bytes: Uint8Array }[] {
  return read.list(decodeCanonical(bytes, MAX_ANSWER_BYTES), 4 * MAX_ORACLES).map((entry) => {
    const [kind, message] = read.tuple(entry, 2)
    return { name: KINDS[read.uint(kind, KINDS.length - 1)]!, bytes: read.bytesUpTo(message, MAX_MESSAGE_BYTES) }
  })
}
