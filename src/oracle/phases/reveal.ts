/** The reveal phase: the header goes out by gossip, the batch is fetched by its hash. */
import { phaseMs, sigmaMs } from '../../core/epoch-clock.ts'
import { hashIndexed, type IndexedHash } from '../../core/hash-list.ts'
import type { Hash32 } from '../../core/ids.ts'
import type { EngineContext } from '../context.ts'
import type { JournalSlot } from '../journal.ts'
import { decodeRevealHeader, encodeRevealHeader, type RevealHeaderMessage } from '../messages/reveal-header.ts'
import type { RoundRules } from '../messages/rules.ts'
import type { Round } from '../round.ts'
import type { OwnCommit } from './commit.ts'

const NOTHING = new Uint8Array(0)

/** Reveals what was committed; the journalled bytes when an earlier run of this process revealed already. */
export async function revealPhase(
  ctx: EngineContext,
  round: Round,
  rules: RoundRules,
  own: OwnCommit,
  secret: Hash32,
): Promise<void> {
  const slot: JournalSlot = { kind: 'reveal', setId: rules.setId, epoch: round.epoch, attempt: 0 }
  const earlier = ctx.journal.sent(slot)
  if (earlier) return send(ctx, round, rules, decodeRevealHeader(earlier), earlier)
  if (!ctx.maySign(round) || !round.batches.has(own.batchHash)) return
  const seen = seenInTime(ctx, round)
  const fields = {
    setId: rules.setId,
    epoch: round.epoch,
    batchHash: own.batchHash,
    salt: own.salt,
    secret,
    blockHash: rules.facts.block.hash,
    seenHash: hashIndexed(seen),
  }
  const signature = await ctx.ports.signer.signDigest(ctx.digests.revealHeader(fields))
  const message: RevealHeaderMessage = { ...fields, seen, index: round.index!, signature }
  const bytes = encodeRevealHeader(message)
  // 11.1 Journal before sending.
  await ctx.journal.write(slot, { message: bytes, extra: NOTHING })
  send(ctx, round, rules, message, bytes)
}

/** 7.10 Commits received until 60 % of this node's clock, its own always. */
function seenInTime(ctx: EngineContext, round: Round): IndexedHash[] {
  const until = phaseMs(ctx.epochs, round.epoch, 'commitCountedUntil')
  return [...round.commits.values()]
    .filter(({ message, at }) => message.index === round.index || at <= until)
    .map(({ message }) => ({ index: message.index, hash: message.commitHash }))
    .sort((a, b) => a.index - b.index)
}

function send(
  ctx: EngineContext,
  round: Round,
  rules: RoundRules,
  message: RevealHeaderMessage,
  bytes: Uint8Array,
): void {
  round.phase = 'reveal'
  const digest = rules.digests.revealHeader(message)
  if (!round.headers.has(digest)) round.addHeader({ message: { message, digest }, bytes, at: ctx.clock.now() })
  ctx.publish('reveal', bytes)
  ctx.emitter.emit('phase', { epoch: round.epoch, phase: 'reveal' })
}

/** Instants at which what gossip did not bring is pulled: before the commits close, and before the proposal. */
export function pullInstants(ctx: EngineContext, epoch: number): { commits: number; reveals: readonly number[] } {
  const closed = phaseMs(ctx.epochs, epoch, 'commitCountedUntil')
  const inclusion = phaseMs(ctx.epochs, epoch, 'inclusionBy')
  const sigma = sigmaMs(ctx.epochs)
  return { commits: closed - sigma, reveals: [inclusion - 4 * sigma, inclusion - sigma, inclusion + sigma] }
}
