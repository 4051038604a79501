/** What the parts of one engine share. */
import type { Digests } from '../core/eip712.ts'
import type { EpochClock } from '../core/epoch-clock.ts'
import { epochAt, sigmaMs } from '../core/epoch-clock.ts'
import type { Address, Epoch } from '../core/ids.ts'
import { networkName } from '../core/network.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { Metrics } from '../core/ports/metrics.ts'
import type { Alarms } from './alarms.ts'
import type { OracleNodeOptions, OracleNodePorts } from './api.ts'
import type { Emitter } from './emitter.ts'
import type { Journal } from './journal.ts'
import type { HeldReveal, Round } from './round.ts'
import type { StateKeeper } from './state/keeper.ts'

export interface EngineContext {
  readonly options: OracleNodeOptions
  readonly ports: OracleNodePorts
  readonly clock: Clock
  readonly epochs: EpochClock
  readonly digests: Digests
  readonly logger: Logger
  readonly metrics: Metrics
  readonly emitter: Emitter
  readonly alarms: Alarms
  readonly journal: Journal
  readonly keeper: StateKeeper
  readonly rounds: Rounds
  /** Whether this node's key may sign for the epoch (journal, foreign signatures). */
  maySign(round: Round): boolean
  /** Whether the journal knows everything that this key can have signed for the epoch. */
  journalCovers(round: Round): boolean
  /** A signature of the own key that the journal does not know was heard. */
  foreignSignature(epoch: Epoch): void
  topic(name: GossipName): string
  /** Publishes in the background; a gossip that fails is logged, what it should have carried is pulled. */
  publish(name: GossipName, bytes: Uint8Array): void
  /** Fetches the batch of a header in the background. */
  wantBatch(round: Round, held: HeldReveal): void
  /** Runs a task beside the phases; `stop` waits for it. Its failure is logged. */
  background(what: string, task: Promise<void>): void
  /** Fires when the node stops. */
  readonly signal: AbortSignal
}

export type GossipName = 'commit' | 'reveal' | 'proposal' | 'signature'

/** Rounds in memory. */
export interface Rounds {
  get(epoch: Epoch): Round | undefined
}

export const topicOf = (ports: OracleNodePorts, name: string) => networkName(ports.chain.domain, name)

/** How often the chain is asked about an open epoch: 24 times an epoch, the phases being tenths of one. */
export function pollMs(ctx: EngineContext): number {
  return Math.max(100, Math.floor((ctx.epochs.epochSeconds * 1000) / 24))
}

/** Time for one request to one peer: as long as the clocks may differ, so that a slot of attempts has room for several. */
export function requestTimeoutMs(ctx: EngineContext): number {
  return Math.max(200, sigmaMs(ctx.epochs))
}

export const currentEpoch = (ctx: EngineContext): Epoch => epochAt(ctx.epochs, ctx.clock.now())

/** Members of the round's set other than this node, shuffled, those with an open connection first. */
export function peersOf(ctx: EngineContext, round: Round, first: readonly Address[] = []): Address[] {
  const own = ctx.ports.signer.address
  const members = (round.rules?.facts.set.seats ?? []).map((seat) => seat.node)
  return orderPeers(ctx, [...first, ...shuffle(ctx, members)], own)
}

/** Any connected peers, shuffled. */
export function anyPeers(ctx: EngineContext): Address[] {
  return shuffle(ctx, ctx.ports.requests.peers()).filter((peer) => peer !== ctx.ports.signer.address)
}

function orderPeers(ctx: EngineContext, wanted: readonly Address[], own: Address): Address[] {
  const connected = new Set(ctx.ports.requests.peers())
  const unique = [...new Set(wanted)].filter((peer) => peer !== own)
  return [...unique.filter((peer) => connected.has(peer)), ...unique.filter((peer) => !connected.has(peer))]
}

export function shuffle<T>(ctx: EngineContext, items: readonly T[]): T[] {
  const out = [...items]
  const random = ctx.ports.rng.bytes(out.length * 2)
  for (let i = out.length - 1; i > 0; i--) {
    const j = (random[2 * i]! * 256 + random[2 * i + 1]!) % (i + 1)
    ;[out[i], out[j]] = [out[j]!, out[i]!]
  }
  return out
}
