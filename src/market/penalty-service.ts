/**
 * Penalties that anyone may bring to the contract: an attested loss is noticed at once and slashed once a leaf from after
 * the dispute window still shows it; a unit that was removed with capacity reserved in it is slashed for abandonment. Nodes
 * take turns, so that one of them pays the gas and earns the reward. What is done already is only known to the contract: a
 * refused estimate costs nothing and says so.
 */
import { codeOf } from '../core/errors.ts'
import type { Address, Epoch, UnitId } from '../core/ids.ts'
import type { UnitLeaf } from '../core/leaves.ts'
import type { Clock } from '../core/ports/clock.ts'
import { type Logger, silentLogger } from '../core/ports/logger.ts'
import {
  type LeafSource,
  MarketError,
  type MarketReader,
  type MarketReceipt,
  type MarketWriter,
} from '../core/ports/market.ts'
import { type Metrics, noMetrics } from '../core/ports/metrics.ts'
import { type CheckedLeaf, provenLeaf } from './leaf-check.ts'
import { turnOf } from './offer-relay.ts'
import { perBlock } from './per-block.ts'

export interface PenaltyOptions {
  /** This node. */
  node: Address
  /** Pause between two nodes' turns. @default 4,000 ms */
  stageMs?: number
  /** Units that are followed at the same time; losses are rare. @default 1,024 */
  maxUnits?: number
}

export interface PenaltyPorts {
  clock: Clock
  market: MarketReader
  writer: MarketWriter
  leaves: LeafSource
  /** Leaves of the newest final state that show a loss, or a unit as removed. Only hints: each is proven before use. */
  suspects: () => readonly UnitLeaf[]
  /** Who takes turns. */
  oracles: () => readonly Address[]
  logger?: Logger
  metrics?: Metrics
}

export interface PenaltyEvents {
  noticed: { unitId: UnitId; incidents: number }
  slashed: { unitId: UnitId; cause: 'loss' | 'abandonment' }
}

export interface PenaltyService {
  start(): void
  stop(): Promise<void>
  /** One pass now. */
  once(): Promise<void>
  on<E extends keyof PenaltyEvents>(event: E, listener: (value: PenaltyEvents[E]) => void): () => void
}

/** What is left to do about a unit. */
interface Case {
  kind: 'loss' | 'abandonment'
  /** Losses that the leaf showed when the case was opened. */
  incidents: number
  step: 'notice' | 'slash' | 'done'
  /** Unix ms of this node's turn. */
  turnMs: number
  /** First epoch whose leaf the contract takes. */
  notBefore: Epoch
  triedEpoch: Epoch
}

export function createPenaltyService(options: PenaltyOptions, ports: PenaltyPorts): PenaltyService {
  return new Penalties(options, ports)
}

class Penalties implements PenaltyService {
  readonly #options: Required<PenaltyOptions>
  readonly #ports: PenaltyPorts
  readonly #cases = new Map<UnitId, Case>()
  readonly #blocks
  readonly #listeners: { [E in keyof PenaltyEvents]: Set<(value: PenaltyEvents[E]) => void> } = {
    noticed: new Set(),
    slashed: new Set(),
  }

  constructor(options: PenaltyOptions, ports: PenaltyPorts) {
    this.#options = { stageMs: 4_000, maxUnits: 1_024, ...options }
    this.#ports = ports
    const failed = (error: unknown) => this.#log().warn('penalties not looked at', { code: codeOf(error) })
    this.#blocks = perBlock(ports.market, (signal) => this.#pass(signal), failed)
  }

  start(): void {
    this.#blocks.start()
  }

  stop(): Promise<void> {
    return this.#blocks.stop()
  }

  once(): Promise<void> {
    return this.#blocks.once()
  }

  on<E extends keyof PenaltyEvents>(event: E, listener: (value: PenaltyEvents[E]) => void): () => void {
    this.#listeners[event].add(listener)
    return () => this.#listeners[event].delete(listener)
  }

  async #pass(signal: AbortSignal): Promise<void> {
    const newest = this.#ports.market.finalAttestation()
    if (!newest) return
    const { epoch } = newest.header
    const suspects = this.#ports.suspects()
    const present = new Set(suspects.map(({ unitId }) => unitId))
    for (const unitId of this.#cases.keys()) if (!present.has(unitId)) this.#cases.delete(unitId)
    for (const suspect of suspects) {
      const open = this.#caseOf(suspect)
      if (!open || open.step === 'done' || open.triedEpoch >= epoch || open.notBefore > epoch) continue
      if (this.#ports.clock.now() < open.turnMs) continue
      const leaf = await provenLeaf(this.#ports, suspect.unitId, epoch, signal)
      if (!leaf) continue
      open.triedEpoch = epoch
      await this.#act(open, leaf, signal)
    }
  }

  #caseOf(leaf: UnitLeaf): Case | undefined {
    const { unitId, lossIncidents } = leaf
    const reserved = this.#ports.market.unit(unitId)?.reservedBytes ?? 0n
    const kind = leaf.state === 'Removed' && reserved > 0n ? 'abandonment' : 'loss'
    const before = this.#cases.get(unitId)
    if (before && before.kind === kind && before.incidents >= lossIncidents) return before
    if (kind === 'loss' && lossIncidents === 0) return undefined
    const turn = turnOf(unitId, this.#options.node, this.#ports.oracles())
    if (turn < 0) return undefined
    if (!before && this.#cases.size >= this.#options.maxUnits) {
      this.#count('dropped')
      return undefined
    }
    const turnMs = this.#ports.clock.now() + turn * this.#options.stageMs
    const step = kind === 'loss' ? 'notice' : 'slash'
    const opened: Case = { kind, incidents: lossIncidents, step, turnMs, notBefore: 0, triedEpoch: -1 }
    this.#cases.set(unitId, opened)
    return opened
  }

  async #act(open: Case, leaf: CheckedLeaf, signal: AbortSignal): Promise<void> {
    const { unitId, epoch, lossIncidents } = leaf.leaf
    const { writer } = this.#ports
    if (open.kind === 'abandonment') {
      const key = `slash-abandonment:${unitId}:${epoch}`
      const outcome = await this.#try(open, () => writer.slashAbandonment(leaf, key, signal), signal)
      if (outcome === 'sent') this.#emit('slashed', { unitId, cause: 'abandonment' })
      if (outcome === 'sent' || outcome === 'refused') open.step = 'done'
      return
    }
    if (open.step === 'notice') {
      const key = `notice-loss:${unitId}:${epoch}`
      const outcome = await this.#try(open, () => writer.noticeLoss(leaf, key, signal), signal)
      if (outcome === 'sent') this.#emit('noticed', { unitId, incidents: lossIncidents })
      // Refused: somebody else noticed it, or all of it was slashed before. The next step knows which.
      if (outcome === 'sent' || outcome === 'refused') open.step = 'slash'
      if (outcome !== 'refused') return
    }
    const key = `slash-loss:${unitId}:${epoch}`
    const outcome = await this.#try(open, () => writer.slashLoss(leaf, key, signal), signal)
    if (outcome === 'sent') this.#emit('slashed', { unitId, cause: 'loss' })
    // What was lost since the notice is noticed next.
    if (outcome === 'sent') open.step = 'notice'
    if (outcome === 'refused') open.step = 'done'
  }

  /** refused: the contract has another opinion; early: it will take a later leaf; failed: ask again at the next block. */
  async #try(
    open: Case,
    send: () => Promise<MarketReceipt>,
    signal: AbortSignal,
  ): Promise<'sent' | 'early' | 'refused' | 'failed'> {
    let outcome: 'sent' | 'early' | 'refused' | 'failed' = 'sent'
    try {
      await send()
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof MarketError) || error.code !== 'refused') {
        open.triedEpoch = -1
        outcome = 'failed'
      } else if (error.reason === 'NotBefore') {
        open.notBefore = Number(error.args[0] ?? 0)
        outcome = 'early'
      } else {
        outcome = 'refused'
      }
    }
    this.#count(outcome)
    return outcome
  }

  #emit<E extends keyof PenaltyEvents>(event: E, value: PenaltyEvents[E]): void {
    this.#log().info(`penalty ${event}`, { ...value })
    for (const listener of this.#listeners[event]) listener(value)
  }

  #log() {
    return this.#ports.logger ?? silentLogger
  }

  #count(outcome: string): void {
    ;(this.#ports.metrics ?? noMetrics).count('market_penalties_total', { outcome })
  }
}
