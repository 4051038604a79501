/**
 * From bytes to the round: decode, find the round, check, keep. Everything that arrives (gossip, pull) goes through here
 * and gets one verdict; the own key's messages are compared with the journal.
 */
import { CodecError } from '../core/canonical-cbor.ts'
import type { Epoch, NodeIndex } from '../core/ids.ts'
import type { Verdict } from '../core/ports/gossip.ts'
import type { Equivocation } from './api.ts'
import type { EngineContext, GossipName } from './context.ts'
import { epochKey, PREFIX } from './keys.ts'
import { checkSignature, decodeSignature } from './messages/attestation-signature.ts'
import { checkCommit, decodeCommit } from './messages/commit.ts'
import { checkProposal, decodeProposal } from './messages/proposal.ts'
import { checkRevealHeader, decodeRevealHeader } from './messages/reveal-header.ts'
import type { RoundRules } from './messages/rules.ts'
import { type Checked, ignore, reject, toVerdict } from './messages/verdict.ts'
import { noticeCertificates } from './phases/transmit.ts'
import type { Round } from './round.ts'
import { isCommitTime, isRevealTime } from './timing.ts'

type Handler = (ctx: EngineContext, bytes: Uint8Array) => Checked<unknown>

/** Equivocations kept an epoch: one per kind and seat of the largest set. */
const MAX_EVIDENCE_PER_EPOCH = 93

interface Ready {
  round: Round
  rules: RoundRules
}

/** Rule x.1 of every message: its epoch's round is open here and its facts are known. */
function ready(ctx: EngineContext, epoch: Epoch): Ready | 'unknown-epoch' | 'no-facts' {
  const round = ctx.rounds.get(epoch)
  if (!round) return 'unknown-epoch'
  return round.rules ? { round, rules: round.rules } : 'no-facts'
}

function onCommit(ctx: EngineContext, bytes: Uint8Array): Checked<unknown> {
  const m = decodeCommit(bytes)
  const found = ready(ctx, m.epoch)
  if (typeof found === 'string') return ignore(found)
  const { round, rules } = found
  // 6.6 Counted until 60 % of the receiver's clock; not forwarded later either, or a late commit would look timely.
  if (!isCommitTime(ctx, m.epoch)) return ignore('too-late')
  const held = round.commits.get(m.index)
  const checked = checkCommit(m, rules, held?.message.commitHash)
  if (checked.message) noticeOwn(ctx, round, m.index, 'commit', 0, bytes)
  if (checked.verdict === 'accept') {
    round.commits.set(m.index, { message: m, bytes, at: ctx.clock.now() })
    round.changed()
  } else if (checked.message && held) equivocated(ctx, round, 'commit', m.index, held.bytes, bytes)
  return checked
}

function onReveal(ctx: EngineContext, bytes: Uint8Array): Checked<unknown> {
  const m = decodeRevealHeader(bytes)
  const found = ready(ctx, m.epoch)
  if (typeof found === 'string') return ignore(found)
  const { round, rules } = found
  // 7.9 Not before the commits are closed by every honest clock, not after the last attempt.
  if (!isRevealTime(ctx, m.epoch)) return ignore('too-early')
  const digests = round.headersOf(m.index)
  const checked = checkRevealHeader(m, rules, digests)
  if (checked.message) {
    noticeOwn(ctx, round, m.index, 'reveal', 0, bytes)
    const first = digests[0] && round.headers.get(digests[0])
    const reveal = { message: checked.message, bytes, at: ctx.clock.now() }
    if (round.addHeader(reveal)) ctx.wantBatch(round, reveal)
    else ctx.metrics.count('oracle_headers_dropped_total')
    if (first) equivocated(ctx, round, 'reveal', m.index, first.bytes, bytes)
  }
  return checked
}

function onProposal(ctx: EngineContext, bytes: Uint8Array): Checked<unknown> {
  const m = decodeProposal(bytes)
  const found = ready(ctx, m.epoch)
  if (typeof found === 'string') return ignore(found)
  const { round, rules } = found
  const checked = checkProposal(m, rules, round.proposals.get(m.attempt)?.message)
  if (checked.verdict === 'accept') {
    round.proposals.set(m.attempt, { message: m, bytes, at: ctx.clock.now() })
    const { epoch, attempt, index, inputs } = m
    ctx.emitter.emit('proposal', { epoch, attempt, proposer: index, inputs: inputs.length, mine: false })
    round.changed()
  }
  return checked
}

function onSignature(ctx: EngineContext, bytes: Uint8Array): Checked<unknown> {
  const m = decodeSignature(bytes)
  const { epoch, attempt } = m.header
  const found = ready(ctx, epoch)
  if (typeof found === 'string') return ignore(found)
  const { round, rules } = found
  const held = round.signatures.get(attempt)?.get(m.index)
  const checked = checkSignature(m, rules, held?.message.digest)
  if (checked.message) noticeOwn(ctx, round, m.index, 'attestation', attempt, bytes)
  if (checked.verdict === 'accept') {
    round.signaturesOf(attempt).set(m.index, { message: checked.message, bytes, at: ctx.clock.now() })
    noticeCertificates(ctx, round, rules)
  } else if (checked.message && held) equivocated(ctx, round, 'attestation', m.index, held.bytes, bytes)
  return checked
}

const HANDLERS: Record<GossipName, Handler> = {
  commit: onCommit,
  reveal: onReveal,
  proposal: onProposal,
  signature: onSignature,
}

/** The one place where a message becomes a verdict. Never throws. */
export function receive(ctx: EngineContext, name: GossipName, bytes: Uint8Array): Verdict {
  let checked: Checked<unknown>
  try {
    checked = HANDLERS[name](ctx, bytes)
  } catch (error) {
    // x.0 Not the one canonical encoding of a message. Anything else is a defect here and nobody else's fault.
    if (error instanceof CodecError) checked = reject('malformed')
    else {
      ctx.logger.error('a message handler failed', { name, reason: String(error) })
      return { result: 'ignore', code: 'unknown' }
    }
  }
  if (checked.verdict !== 'accept') ctx.metrics.count('oracle_messages_refused_total', { name, code: checked.code })
  return toVerdict(checked)
}

/** Rule 11.5: a valid message of the own key that the journal does not know comes from another process with the key. */
function noticeOwn(
  ctx: EngineContext,
  round: Round,
  index: NodeIndex,
  kind: 'commit' | 'reveal' | 'attestation',
  attempt: number,
  bytes: Uint8Array,
): void {
  // Of an epoch that began before the journal did, messages of one's own former life are nothing to wonder at.
  if (index !== round.index || !round.rules || !ctx.journalCovers(round)) return
  const journalled = ctx.journal.sent({ kind, setId: round.rules.setId, epoch: round.epoch, attempt })
  if (!journalled || !sameBytes(journalled, bytes)) ctx.foreignSignature(round.epoch)
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

function equivocated(
  ctx: EngineContext,
  round: Round,
  kind: Equivocation['kind'],
  index: NodeIndex,
  first: Uint8Array,
  second: Uint8Array,
): void {
  const seat = round.rules?.facts.set.seats[index]
  if (!seat || !round.rules) return
  ctx.metrics.count('oracle_equivocations_total', { kind })
  if (round.evidence.has(`${kind}/${index}`) || round.evidence.size >= MAX_EVIDENCE_PER_EPOCH) return
  round.evidence.add(`${kind}/${index}`)
  const key = epochKey(PREFIX.equivocation, round.epoch, `/${kind}/${index}`)
  ctx.ports.store
    .batch([
      { type: 'put', key: `${key}/0`, value: first },
      { type: 'put', key: `${key}/1`, value: second },
    ])
    .catch((error) => ctx.logger.warn('equivocation not kept', { epoch: round.epoch, reason: String(error) }))
  const { epoch } = round
  const { setId } = round.rules
  ctx.logger.warn('an oracle contradicted itself', { epoch, kind, index, node: seat.node })
  ctx.emitter.emit('equivocation', { kind, setId, epoch, index, node: seat.node, messages: [first, second] })
}
