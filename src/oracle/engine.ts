/** The engine: opens the journal and the state, follows the epochs, runs a round for each, and ends what it began. */
import { createDigests } from '../core/eip712.ts'
import { epochAt, epochStartMs } from '../core/epoch-clock.ts'
import { codeOf } from '../core/errors.ts'
import type { Address, Epoch, UnitId } from '../core/ids.ts'
import type { OracleLeaf, UnitLeaf } from '../core/leaves.ts'
import { networkId } from '../core/network.ts'
import { EVALUATOR_VERSION } from '../core/params.ts'
import { sleepUntil } from '../core/ports/clock.ts'
import { silentLogger } from '../core/ports/logger.ts'
import { noMetrics } from '../core/ports/metrics.ts'
import { Alarms } from './alarms.ts'
import type {
  LeafProof,
  OracleEvents,
  OracleNode,
  OracleNodeOptions,
  OracleNodePorts,
  OracleStateView,
  OracleStatus,
} from './api.ts'
import { type EngineContext, type GossipName, topicOf } from './context.ts'
import { Emitter } from './emitter.ts'
import { OracleError } from './errors.ts'
import type { EvidenceBundle } from './evidence.ts'
import { fetchBatch } from './fetch.ts'
import { SecretVerifier } from './hash-chain.ts'
import { receive } from './inbox.ts'
import { Journal } from './journal.ts'
import { runRound } from './phases/run-round.ts'
import { unitLeafProof } from './requests/proof.ts'
import { Server } from './requests/serve.ts'
import { Round } from './round.ts'
import { StateKeeper } from './state/keeper.ts'
import { StateStore } from './state/store.ts'

/** Rounds in memory: the running one, two that the chain may not have decided, and one for skew. */
const MAX_ROUNDS = 4
/** Epochs between two prunings of the journal. */
const PRUNE_EVERY = 8
const DEFAULT_RETAIN_EPOCHS = 4320
const GOSSIP: readonly GossipName[] = ['commit', 'reveal', 'proposal', 'signature']

export class Engine implements OracleNode {
  readonly #options: OracleNodeOptions
  readonly #ports: OracleNodePorts
  readonly #emitter: Emitter
  readonly #alarms: Alarms
  readonly #rounds = new Map<Epoch, { round: Round; stop: AbortController }>()
  readonly #tasks = new Set<Promise<void>>()
  readonly #secrets = new SecretVerifier()
  readonly #stopping = new AbortController()
  readonly #keeper: StateKeeper
  #ctx: EngineContext | undefined
  #stops: (() => void)[] = []
  #startEpoch: Epoch = 0
  #startedMs = 0
  #signingStopped = false
  #running = false
  #stopped: Promise<void> | undefined

  constructor(options: OracleNodeOptions, ports: OracleNodePorts) {
    this.#options = options
    this.#ports = ports
    const logger = ports.logger ?? silentLogger
    this.#emitter = new Emitter(logger)
    const modules = { clock: ports.clock, emitter: this.#emitter, logger, metrics: ports.metrics ?? noMetrics }
    this.#alarms = new Alarms(modules)
    const store = new StateStore(ports.store, options.retainEpochs ?? DEFAULT_RETAIN_EPOCHS)
    this.#keeper = new StateKeeper(store, () => this.#context())
  }

  async start(signal?: AbortSignal): Promise<void> {
    if (this.#running || this.#stopping.signal.aborted)
      throw new OracleError('stopped', 'an oracle node starts once; make a new one')
    this.#running = true
    signal?.addEventListener('abort', () => void this.stop(), { once: true })
    const { clock, chain, store, signer } = this.#ports
    this.#startedMs = clock.now()
    this.#startEpoch = epochAt(chain.clock, this.#startedMs)
    const owner = `${networkId(chain.domain)}/${signer.address}`
    const journal = await Journal.open(store, owner, { ms: this.#startedMs, epoch: this.#startEpoch })
    if (journal.health === 'damaged')
      this.#alarms.raise('journal-damaged', this.#startEpoch, 'the journal is damaged: abstaining for an epoch')
    await this.#keeper.load()
    if (this.#stopping.signal.aborted) return
    const ctx = this.#makeContext(journal)
    this.#ctx = ctx
    this.#stops.push(new Server(ctx).start())
    for (const name of GOSSIP)
      this.#stops.push(this.#ports.gossip.subscribe(ctx.topic(name), ({ data }) => receive(ctx, name, data)))
    const current = this.#keeper.current
    if (current) this.#emitter.emit('adopted', { epoch: current.state.epoch, root: current.root, source: 'store' })
    ctx.background('epochs', this.#followEpochs(ctx))
  }

  #makeContext(journal: Journal): EngineContext {
    const { chain, clock, gossip } = this.#ports
    const logger = this.#ports.logger ?? silentLogger
    return {
      options: this.#options,
      ports: this.#ports,
      clock,
      epochs: chain.clock,
      digests: createDigests(chain.domain),
      logger,
      metrics: this.#ports.metrics ?? noMetrics,
      emitter: this.#emitter,
      alarms: this.#alarms,
      journal,
      keeper: this.#keeper,
      rounds: { get: (epoch) => this.#rounds.get(epoch)?.round },
      signal: this.#stopping.signal,
      maySign: (round) => this.#maySign(journal, round),
      journalCovers: (round) => this.#journalCovers(journal, round),
      foreignSignature: (epoch) => this.#foreignSignature(journal, epoch),
      topic: (name) => topicOf(this.#ports, name),
      publish: (name, bytes) => {
        const sent = gossip.publish(topicOf(this.#ports, name), bytes)
        this.#background('publish', sent)
      },
      wantBatch: (round, held) => {
        const fetched = fetchBatch(this.#context(), round, held, [], this.#stopping.signal)
        this.#background(
          'batch',
          fetched.then(() => {}),
        )
      },
      background: (what, task) => this.#background(what, task),
    }
  }

  #context(): EngineContext {
    if (!this.#ctx) throw new OracleError('not-ready', 'the oracle node has not been started')
    return this.#ctx
  }

  #background(what: string, task: Promise<void>): void {
    const guarded = task
      .catch((error) => {
        if (!this.#stopping.signal.aborted)
          this.#ports.logger?.warn('a background task failed', { what, code: codeOf(error), reason: String(error) })
      })
      .finally(() => this.#tasks.delete(guarded))
    this.#tasks.add(guarded)
  }

  /** One round an epoch, never the same one twice, whatever the clock does. */
  async #followEpochs(ctx: EngineContext): Promise<void> {
    const { signal } = this.#stopping
    let last = -1
    for (;;) {
      const epoch = epochAt(ctx.epochs, ctx.clock.now())
      // The epoch before may still be in its attempts when a node comes up.
      for (const e of [epoch - 1, epoch]) {
        if (e <= last || e < 0) continue
        last = e
        this.#openRound(ctx, e)
      }
      await sleepUntil(ctx.clock, epochStartMs(ctx.epochs, Math.max(epoch, last) + 1), signal)
    }
  }

  #openRound(ctx: EngineContext, epoch: Epoch): void {
    const round = new Round(epoch)
    const stop = new AbortController()
    this.#rounds.set(epoch, { round, stop })
    while (this.#rounds.size > MAX_ROUNDS) {
      const [oldest] = this.#rounds.keys()
      if (this.#rounds.get(oldest!)!.round.outcome === undefined) ctx.metrics.count('oracle_rounds_dropped_total')
      this.#rounds.get(oldest!)!.stop.abort(new OracleError('stopped', `epoch ${oldest} is over`))
      this.#rounds.delete(oldest!)
    }
    this.#emitter.emit('phase', { epoch, phase: 'probe' })
    ctx.background('round', runRound(ctx, round, this.#secrets, stop.signal))
    if (epoch % PRUNE_EVERY === 0) ctx.background('journal', ctx.journal.prune(epoch))
  }

  /** Rules 11.4 and 11.5. */
  #maySign(journal: Journal, round: Round): boolean {
    const facts = round.rules?.facts
    if (this.#signingStopped || round.index === undefined || !facts) return false
    if (facts.evaluatorVersion !== EVALUATOR_VERSION) return false
    return this.#journalCovers(journal, round)
  }

  /** Whether the journal knows everything that this key can have signed for the epoch. */
  #journalCovers(journal: Journal, round: Round): boolean {
    const facts = round.rules?.facts
    // A key can have signed nothing for a set that began after its journal did.
    if (facts && journal.completeSinceMs < epochStartMs(this.#ports.chain.clock, facts.set.firstEpoch)) return true
    return round.epoch >= this.#abstainingUntil(journal)
  }

  /** Epochs begun before the journal, and one full epoch more, are left out. */
  #abstainingUntil(journal: Journal): Epoch {
    return epochAt(this.#ports.chain.clock, journal.completeSinceMs) + 2
  }

  #foreignSignature(journal: Journal, epoch: Epoch): void {
    if (this.#signingStopped) return
    this.#signingStopped = true
    const message = 'a message signed by this key is not in the journal: the key is used elsewhere; signing nothing'
    this.#alarms.raise('foreign-signature', epoch, message)
    this.#background('distrust', journal.distrust())
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    for (const stop of this.#stops.reverse()) stop()
    this.#stops = []
    const reason = new OracleError('stopped', 'the oracle node was stopped')
    this.#stopping.abort(reason)
    for (const { stop } of this.#rounds.values()) stop.abort(reason)
    while (this.#tasks.size > 0) await Promise.all(this.#tasks)
    this.#rounds.clear()
    this.#running = false
  }

  status(): OracleStatus {
    const { chain, clock } = this.#ports
    const epoch = epochAt(chain.clock, clock.now())
    const round = this.#rounds.get(epoch)?.round ?? this.#rounds.get(epoch - 1)?.round
    const rules = round?.rules
    const current = this.#keeper.current
    const until = this.#ctx ? this.#abstainingUntil(this.#ctx.journal) : 0
    const abstaining = epoch < until && !(round && this.#ctx?.maySign(round))
    return {
      running: this.#running && !this.#stopping.signal.aborted,
      epoch,
      phase: round?.phase,
      index: round?.index,
      setId: rules?.setId,
      oracles: rules?.n,
      quorum: rules?.quorum,
      stateEpoch: current?.state.epoch,
      stateRoot: current?.root,
      units: current?.state.unitCount ?? 0,
      abstainingUntil: abstaining ? until : 0,
      signingStopped: this.#signingStopped,
      alarms: this.#alarms.recent(),
    }
  }

  on<E extends keyof OracleEvents>(event: E, listener: (value: OracleEvents[E]) => void): () => void {
    return this.#emitter.on(event, listener)
  }

  leafProof(unitId: UnitId): LeafProof<UnitLeaf> | undefined {
    return unitLeafProof(this.#keeper.current, unitId)
  }

  oracleProof(node: Address): LeafProof<OracleLeaf> | undefined {
    const current = this.#keeper.current
    const leaf = current?.state.oracleLeaves().find((entry) => entry.node === node)
    const proof = current?.state.oracleProof(node)
    return current && leaf && proof ? { leaf, proof, epoch: leaf.epoch, root: current.root } : undefined
  }

  state(): OracleStateView | undefined {
    const current = this.#keeper.current
    if (!current) return undefined
    const { state, root } = current
    return {
      epoch: state.epoch,
      era: state.era,
      root,
      unitLeaves: () => Array.from({ length: state.unitCount }, (_, row) => state.unitLeaf(row)),
      oracleLeaves: () => state.oracleLeaves(),
    }
  }

  async evidence(epoch: Epoch): Promise<EvidenceBundle | undefined> {
    return this.#keeper.store.bundle(epoch)
  }
}
