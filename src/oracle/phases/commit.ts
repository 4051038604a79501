/** The commit phase: bind to the batch, in the journal first. */
import { phaseMs } from '../../core/epoch-clock.ts'
import { commitHashOf } from '../../core/hash-list.ts'
import { bytesToHex, type Hash32, hexToBytes } from '../../core/ids.ts'
import { batchHash, encodeBatch, type ObservationRow, toColumns } from '../batch.ts'
import type { EngineContext } from '../context.ts'
import { addBatch } from '../fetch.ts'
import type { JournalSlot } from '../journal.ts'
import { epochKey, PREFIX } from '../keys.ts'
import { type CommitMessage, decodeCommit, encodeCommit } from '../messages/commit.ts'
import type { RoundRules } from '../messages/rules.ts'
import type { Round } from '../round.ts'

/** What the reveal needs: kept in the journal beside the commit. */
export interface OwnCommit {
  message: CommitMessage
  batchHash: Hash32
  salt: Hash32
}

export function commitSlot(round: Round, rules: RoundRules): JournalSlot {
  return { kind: 'commit', setId: rules.setId, epoch: round.epoch, attempt: 0 }
}

/** The commit of an earlier run of this process, with its batch; its bytes are sent again. */
export async function resumeCommit(
  ctx: EngineContext,
  round: Round,
  rules: RoundRules,
): Promise<OwnCommit | undefined> {
  const entry = ctx.journal.get(commitSlot(round, rules))
  if (entry?.extra.length !== 64) return undefined
  const own: OwnCommit = {
    message: decodeCommit(entry.message),
    batchHash: bytesToHex(entry.extra.slice(0, 32)),
    salt: bytesToHex(entry.extra.slice(32)),
  }
  const batch = await ctx.ports.store.get(epochKey(PREFIX.batch, round.epoch, `/${own.batchHash}`))
  if (batch) addBatch(ctx, round, own.batchHash, batch)
  send(ctx, round, own.message, entry.message)
  return own
}

/** Commits to the rows; `undefined` when it is too late or this key must not sign. */
export async function commitPhase(
  ctx: EngineContext,
  round: Round,
  rules: RoundRules,
  rows: readonly ObservationRow[],
): Promise<OwnCommit | undefined> {
  const seat = rules.facts.set.seats[round.index!]!
  if (!ctx.maySign(round) || ctx.clock.now() > phaseMs(ctx.epochs, round.epoch, 'commitCountedUntil')) return undefined
  const batch = encodeBatch(toColumns(rows))
  const hash = batchHash(batch)
  const salt = bytesToHex(ctx.ports.rng.bytes(32))
  const commitHash = commitHashOf(hash, salt, seat.node, round.epoch)
  const fields = { setId: rules.setId, epoch: round.epoch, commitHash }
  const signature = await ctx.ports.signer.signDigest(ctx.digests.commit(fields))
  const message: CommitMessage = { ...fields, index: round.index!, signature }
  const bytes = encodeCommit(message)
  const extra = new Uint8Array(64)
  extra.set(hexToBytes(hash))
  extra.set(hexToBytes(salt), 32)
  // 11.1 Journal before sending; the batch goes with it, or a restart could not reveal what it committed to.
  await ctx.journal.write(commitSlot(round, rules), { message: bytes, extra }, [
    { type: 'put', key: epochKey(PREFIX.batch, round.epoch, `/${hash}`), value: batch },
  ])
  addBatch(ctx, round, hash, batch)
  send(ctx, round, message, bytes)
  return { message, batchHash: hash, salt }
}

function send(ctx: EngineContext, round: Round, message: CommitMessage, bytes: Uint8Array): void {
  round.phase = 'commit'
  // Its own commit is always seen in time: it was journalled before the deadline.
  round.commits.set(message.index, { message, bytes, at: ctx.clock.now() })
  round.changed()
  ctx.publish('commit', bytes)
  ctx.emitter.emit('phase', { epoch: round.epoch, phase: 'commit' })
}
