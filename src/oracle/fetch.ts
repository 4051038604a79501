/** Getting what is missing: batches by hash as soon as a header names them, and whatever gossip did not bring. */
import { codeOf } from '../core/errors.ts'
import type { Address, Hash32 } from '../core/ids.ts'
import { batchHash, maxBatchBytes } from './batch.ts'
import { type EngineContext, peersOf, requestTimeoutMs } from './context.ts'
import { receive } from './inbox.ts'
import { MAX_MESSAGE_BYTES } from './messages/fields.ts'
import { CHUNK_BYTES, fetchChunks } from './requests/chunks.ts'
import { encodeHashRequest, protocolName } from './requests/protocols.ts'
import {
  bitsOf,
  decodeRoundAnswer,
  encodeRoundQuery,
  MAX_ANSWER_BYTES,
  type RoundQuery,
} from './requests/round-query.ts'
import type { HeldReveal, Round } from './round.ts'

/** Peers asked one after the other for one thing. */
const PEERS_PER_FETCH = 4

/** Tries peers in order until one gives what `ask` accepts. */
async function fromPeers(
  ctx: EngineContext,
  peers: readonly Address[],
  signal: AbortSignal,
  ask: (peer: Address) => Promise<boolean>,
): Promise<boolean> {
  for (const peer of peers.slice(0, PEERS_PER_FETCH)) {
    if (signal.aborted) throw signal.reason
    try {
      if (await ask(peer)) return true
    } catch (error) {
      if (signal.aborted) throw signal.reason
      ctx.logger.debug('a peer did not answer', { peer, code: codeOf(error) })
    }
  }
  return false
}

/** Makes sure that the batch of a header is held. One fetch a batch at a time. */
export async function fetchBatch(
  ctx: EngineContext,
  round: Round,
  held: HeldReveal,
  first: readonly Address[],
  signal: AbortSignal,
): Promise<boolean> {
  const { message } = held.message
  const hash = message.batchHash
  const facts = round.rules?.facts
  if (round.batches.has(hash)) return true
  if (!facts) return false
  const running = round.fetching.get(hash)
  if (running) return running
  const author = facts.set.seats[message.index]!.node
  const subject = { epoch: round.epoch, hash, maxBytes: maxBatchBytes(facts.units.length) }
  const modules = {
    requests: ctx.ports.requests,
    domain: ctx.ports.chain.domain,
    timeoutMs: batchTimeoutMs(ctx, subject),
  }
  const task = fromPeers(ctx, peersOf(ctx, round, [author, ...first]), signal, async (peer) => {
    const bytes = await fetchChunks(modules, peer, 'batch', subject, signal)
    if (!bytes || batchHash(bytes) !== hash) return false
    addBatch(ctx, round, hash, bytes)
    return true
  }).finally(() => round.fetching.delete(hash))
  round.fetching.set(hash, task)
  return task
}

/** A piece of a megabyte may take longer than a message. */
function batchTimeoutMs(ctx: EngineContext, subject: { maxBytes: number }): number {
  return requestTimeoutMs(ctx) * (subject.maxBytes > CHUNK_BYTES ? 4 : 1)
}

export function addBatch(ctx: EngineContext, round: Round, hash: Hash32, bytes: Uint8Array): void {
  round.batches.set(hash, { bytes, at: ctx.clock.now() })
  round.changed()
}

/** Fetches every batch of which a header is held and that nobody is fetching. */
export function wantBatches(ctx: EngineContext, round: Round): void {
  for (const held of round.headers.values()) {
    const hash = held.message.message.batchHash
    if (round.batches.has(hash) || round.fetching.has(hash)) continue
    ctx.background(
      'batch',
      fetchBatch(ctx, round, held, [], ctx.signal).then(() => {}),
    )
  }
}

/** The header with this digest, asked for by name. */
export async function fetchHeader(
  ctx: EngineContext,
  round: Round,
  digest: Hash32,
  first: readonly Address[],
  signal: AbortSignal,
): Promise<boolean> {
  const name = protocolName(ctx.ports.chain.domain, 'reveal')
  const options = { signal, timeoutMs: requestTimeoutMs(ctx), maxResponseBytes: MAX_MESSAGE_BYTES }
  return fromPeers(ctx, peersOf(ctx, round, first), signal, async (peer) => {
    const bytes = await ctx.ports.requests.request(peer, name, encodeHashRequest(round.epoch, digest), options)
    if (bytes) receive(ctx, 'reveal', bytes)
    return round.headers.has(digest)
  })
}

/** Asks up to `peers` peers for what this node lacks of an attempt. `done` ends it early. */
export async function pullRound(
  ctx: EngineContext,
  round: Round,
  attempt: number,
  peers: number,
  done: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  const name = protocolName(ctx.ports.chain.domain, 'round')
  const options = { signal, timeoutMs: requestTimeoutMs(ctx), maxResponseBytes: MAX_ANSWER_BYTES }
  await fromPeers(ctx, peersOf(ctx, round).slice(0, peers), signal, async (peer) => {
    if (done()) return true
    const answer = await ctx.ports.requests.request(peer, name, encodeRoundQuery(queryOf(round, attempt)), options)
    for (const { name: kind, bytes } of answer ? decodeRoundAnswer(answer) : []) receive(ctx, kind, bytes)
    wantBatches(ctx, round)
    return done()
  })
}

function queryOf(round: Round, attempt: number): RoundQuery {
  const authors = [...round.headers.values()].map((held) => held.message.message.index)
  return {
    epoch: round.epoch,
    commits: bitsOf(round.commits.keys()),
    headers: bitsOf(authors),
    attempt,
    proposal: round.proposals.has(attempt),
    signatures: bitsOf(round.signatures.get(attempt)?.keys() ?? []),
  }
}
