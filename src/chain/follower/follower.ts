/**
 * Follows the contracts' logs: from the last known block to the head, checked by parent hash, rolled back after a reorg,
 * persisted step by step. viem's event filters die silently on a node's restart; a cursor of our own misses nothing.
 */
import type { EpochClock } from '../../core/epoch-clock.ts'
import { factsCutoffSeconds } from '../../core/epoch-clock.ts'
import type { Logger } from '../../core/ports/logger.ts'
import type { Metrics } from '../../core/ports/metrics.ts'
import type { BlockHeader, ChainChange, ChainNetwork, ChainView } from '../api.ts'
import { ChainError } from '../errors.ts'
import { decodeEvent } from '../events.ts'
import { Projection } from '../projection/projection.ts'
import type { ChainSource } from '../rpc/source.ts'
import { changesOf } from './changes.ts'
import type { CursorStore, TimedLog } from './cursor-store.ts'
import { fetchHeaders, fetchLive, fetchPast, type Stretch } from './fetch-blocks.ts'
import { HeaderWindow } from './header-window.ts'

/** Below this distance from the head every header is fetched and linked: no chain of ours reorganises deeper. */
const LIVE_BLOCKS = 128
/** Versions are kept at least this deep, so that a reorg of that depth needs no new download. */
const REORG_BLOCKS = 128
/** Two days of two-second blocks; some 300 B each. */
const MAX_HEADERS = 86_400
/** Blocks of one `eth_getLogs` far below the head; halved when an endpoint refuses, never below one. */
const PAST_RANGE = 5_000
/** Pruning walks over all tables, so not at each block. */
const PRUNE_EVERY = 32

export interface FollowerOptions {
  network: ChainNetwork
  deploymentBlock: number
  confirmations: number
  historyEpochs: number
}

export interface FollowerModules {
  source: ChainSource
  cursor: CursorStore
  logger: Logger
  metrics: Metrics
}

export class Follower {
  readonly #options: FollowerOptions
  readonly #modules: FollowerModules
  readonly #clock: EpochClock
  readonly #projection: Projection
  readonly #window = new HeaderWindow(MAX_HEADERS)
  readonly #listeners = new Set<(change: ChainChange) => void>()
  #pruned = -1
  /** Header of the pruned block: where a restart goes back to when its tip is not canonical any more. */
  #settled: BlockHeader | undefined
  /** False after a failed write: the store stays at its last good step, which the next start resumes from. */
  #persisting = true
  #range = PAST_RANGE
  #loaded = false
  /** Everything up to some head was taken in once. */
  #synced = false

  constructor(options: FollowerOptions, modules: FollowerModules) {
    this.#options = options
    this.#modules = modules
    this.#clock = options.network
    this.#projection = new Projection(this.#clock)
  }

  get tip(): BlockHeader | undefined {
    return this.#window.tip
  }

  get synced(): boolean {
    return this.#synced
  }

  /** Block below which no state is kept. */
  get prunedBlock(): number {
    return this.#pruned
  }

  get headers(): Pick<HeaderWindow, 'at' | 'lastAtOrBefore'> {
    return this.#window
  }

  view(block = Number(this.tip?.number ?? -1)): ChainView {
    return this.#projection.view(block)
  }

  subscribe(listener: (change: ChainChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * One look at the head: takes in what is new. Bounded work; returns true when there is more to fetch at once.
   * @throws {ChainError} and leaves the state as it was.
   */
  async step(signal: AbortSignal): Promise<boolean> {
    await this.#load()
    const head = await this.#modules.source.head(signal)
    const { tip } = this
    if (tip?.hash === head.hash) {
      this.#synced = true
      return false
    }
    if (tip !== undefined && !(await this.#standsOn(tip, head, signal))) return false
    const from = this.tip === undefined ? this.#options.deploymentBlock : Number(this.tip.number) + 1
    const to = Number(head.number)
    if (to < from) return false
    const live = to - from < LIVE_BLOCKS
    const stretch = await this.#fetch(from, live ? to : to - LIVE_BLOCKS, live, head, signal)
    if (stretch !== undefined) await this.#take(stretch, live)
    if (this.tip?.hash !== head.hash) return true
    this.#synced = true
    return false
  }

  /** `undefined` when the endpoint refused so many blocks at once: fewer are asked for from then on. */
  async #fetch(from: number, to: number, live: boolean, head: BlockHeader, signal: AbortSignal) {
    const { source } = this.#modules
    const top = Math.min(to, from + this.#range - 1)
    try {
      if (!live) return await fetchPast(source, from, top, this.#addresses(), signal)
      const [last] = top === Number(head.number) ? [head] : await fetchHeaders(source, [top], signal)
      return await fetchLive(source, from, last!, this.#addresses(), signal)
    } catch (error) {
      const code = error instanceof ChainError ? error.code : undefined
      if (top === from || (code !== 'rpc-error' && code !== 'rpc-malformed' && code !== 'rpc-timeout')) throw error
      this.#range = Math.max(1, (top - from + 1) >> 1)
      this.#modules.logger.debug('an endpoint refuses so many blocks at once', { blocks: top - from + 1 })
      return undefined
    }
  }

  #addresses() {
    return [this.#options.network.orchestrator, this.#options.network.oracleSet]
  }

  /** Applies a stretch to projection, window and store, once it is known to fit. */
  async #take({ headers, logs }: Stretch, live: boolean): Promise<void> {
    const changes: ChainChange[] = []
    // Checked before anything changes: a stretch that does not fit is an error of the endpoint, not a state.
    if (live && this.tip !== undefined) {
      const [first] = headers
      if (first?.parentHash !== this.tip.hash)
        throw new ChainError('rpc-inconsistent', `block ${first?.number} does not follow block ${this.tip.number}`)
    }
    requireLinked(headers)
    try {
      for (const log of logs) changes.push(...this.#apply(log))
    } catch (cause) {
      // Half a stretch is no state: back to where it stood.
      this.#projection.rollback(Number(this.tip?.number ?? -1))
      throw new ChainError(
        'rpc-inconsistent',
        'a log of the contracts can’t be read: is this program too old for them?',
        {
          cause,
        },
      )
    }
    if (!live) this.#window.reset()
    for (const header of headers) this.#window.push(header)
    await this.#save(logs)
    const { tip } = this
    if (tip !== undefined) changes.push({ kind: 'head', block: tip })
    this.#notify(changes)
    this.#modules.metrics.gauge('chain_head_block', Number(tip?.number ?? 0))
    this.#modules.metrics.count('chain_logs_total', {}, logs.length)
  }

  #apply(log: TimedLog): ChainChange[] {
    const event = decodeEvent(log)
    if (event === undefined) {
      this.#modules.metrics.count('chain_unknown_events_total')
      return []
    }
    const place = { block: log.blockNumber, timestamp: log.timestamp, txHash: log.txHash }
    this.#projection.apply(event, place)
    return changesOf(event, log.blockNumber, (table, key) => this.#projection.latest(table, key))
  }

  /** Whether the head stands on the tip; else rolls back to where it does. False: nothing to take in now. */
  async #standsOn(tip: BlockHeader, head: BlockHeader, signal: AbortSignal): Promise<boolean> {
    if (head.number === tip.number + 1n && head.parentHash === tip.hash) return true
    const top = Math.min(Number(head.number), Number(tip.number))
    const remote = top === Number(head.number) ? head : await this.#modules.source.header(top, signal)
    if (remote === undefined) throw new ChainError('rpc-inconsistent', `block ${top} is missing below the head`)
    const local = this.#window.at(top)
    // A lower head of the same chain: a load balancer's slower half, not a reorg.
    if (local?.hash === remote.hash) return top === Number(tip.number)
    await this.#rollback(tip, top - 1, signal)
    return true
  }

  async #rollback(tip: BlockHeader, from: number, signal: AbortSignal): Promise<void> {
    let ancestor = from
    for (; ; ancestor--) {
      const local = this.#window.at(ancestor)
      if (local === undefined || ancestor < this.#pruned) return this.#backToSettled(Number(tip.number), signal)
      if ((await this.#modules.source.header(ancestor, signal))?.hash === local.hash) break
    }
    const depth = Number(tip.number) - ancestor
    await this.#undo(ancestor, depth, depth > this.#options.confirmations)
  }

  async #undo(ancestor: number, depth: number, deep: boolean): Promise<void> {
    const fields = { block: ancestor, depth }
    if (deep) this.#modules.logger.error('the chain was rewritten below settled blocks; adopting it', fields)
    else this.#modules.logger.info('the chain was reorganised', fields)
    this.#modules.metrics.count('chain_reorgs_total', { deep: String(deep) })
    this.#projection.rollback(ancestor)
    this.#window.truncate(ancestor)
    if (this.#window.size === 0) this.#window.reset(this.#settled)
    await this.#persist(() => this.#modules.cursor.truncate(ancestor, this.#meta()))
    this.#notify([{ kind: 'reorg', block: BigInt(ancestor), depth }])
  }

  /** No common header is in memory, as after a restart: what is settled may still stand. */
  async #backToSettled(top: number, signal: AbortSignal): Promise<void> {
    const settled = this.#settled
    const remote = settled && (await this.#modules.source.header(Number(settled.number), signal))
    if (settled !== undefined && remote?.hash === settled.hash) {
      // With one header only nobody can say how deep the reorg was: it happened while this node was down.
      const deep = this.#window.size > 1
      this.#window.reset()
      await this.#undo(Number(settled.number), top - Number(settled.number), deep)
    } else {
      await this.#startOver(top - this.#options.deploymentBlock)
    }
  }

  /** The chain is another one than what is stored: downloads everything again. */
  async #startOver(depth: number): Promise<void> {
    this.#modules.logger.error('the chain differs below everything this node has kept; reading it from the beginning', {
      depth,
    })
    this.#modules.metrics.count('chain_reorgs_total', { deep: 'true' })
    await this.#persist(() => this.#modules.cursor.wipe())
    this.#projection.clear()
    this.#window.reset()
    this.#pruned = -1
    this.#settled = undefined
    this.#synced = false
    this.#notify([{ kind: 'reorg', block: BigInt(this.#options.deploymentBlock), depth }])
  }

  async #load(): Promise<void> {
    if (this.#loaded) return
    const loaded = await this.#modules.cursor.load().catch(async (error: unknown) => {
      this.#modules.logger.warn('the stored chain state is damaged; reading the chain from the beginning', {
        error: String(error),
      })
      await this.#persist(() => this.#modules.cursor.wipe())
      return undefined
    })
    this.#loaded = true
    if (loaded === undefined) return
    const { meta, rows, logs } = loaded
    if (!sameNetwork(meta.network, this.#options.network)) {
      this.#modules.logger.warn('the stored chain state is of another network; reading this one from the beginning')
      await this.#modules.cursor.wipe()
      return
    }
    for (const row of rows.sort((a, b) => byNumber(a.key, b.key)))
      this.#projection.restore(row.table, row.key, meta.pruned, row.value)
    this.#pruned = meta.pruned
    this.#settled = meta.settled
    for (const log of logs) this.#apply(log)
    this.#window.reset(meta.tip)
    this.#modules.logger.info('chain state restored', { block: meta.tip.number, rows: rows.length, logs: logs.length })
  }

  async #save(logs: readonly TimedLog[]): Promise<void> {
    const target = this.#pruneTarget()
    const due = target >= this.#pruned + PRUNE_EVERY
    const settled = due ? this.#projection.prune(target) : []
    if (due) {
      this.#pruned = target
      this.#settled = this.#window.at(target)
    }
    const meta = this.#meta()
    await this.#persist(() => this.#modules.cursor.save({ meta, logs, settled, dropLogsUpTo: due ? target : -1 }))
  }

  /** A full or broken disk does not stop the node from following the chain. */
  async #persist(write: () => Promise<void>): Promise<void> {
    if (!this.#persisting) return
    try {
      await write()
    } catch (error) {
      this.#persisting = false
      this.#modules.metrics.count('chain_store_failures_total')
      this.#modules.logger.error('chain state is not written any more until the next start; check the disk', {
        error: String(error),
      })
    }
  }

  /** Above it: what `factsAt` may be asked about, and what a reorg may undo. */
  #pruneTarget(): number {
    const { tip } = this
    if (tip === undefined || !Number.isFinite(this.#options.historyEpochs)) return -1
    const epoch = Math.floor((tip.timestamp - this.#clock.genesis) / this.#clock.epochSeconds)
    const oldest = factsCutoffSeconds(this.#clock, epoch - this.#options.historyEpochs)
    const block = this.#window.lastAtOrBefore(oldest)
    return block === undefined ? -1 : Math.min(Number(block.number), Number(tip.number) - REORG_BLOCKS)
  }

  #meta() {
    return { network: this.#options.network, tip: this.tip!, pruned: this.#pruned, settled: this.#settled }
  }

  #notify(changes: readonly ChainChange[]): void {
    for (const change of changes)
      for (const listener of this.#listeners) {
        try {
          listener(change)
        } catch (error) {
          this.#modules.logger.error('a listener of chain changes failed', { kind: change.kind, error: String(error) })
        }
      }
  }
}

function requireLinked(headers: readonly BlockHeader[]): void {
  headers.forEach((header, i) => {
    const before = headers[i - 1]
    if (before !== undefined && header.parentHash !== before.hash)
      throw new ChainError('rpc-inconsistent', `block ${header.number} does not follow block ${before.number}`)
  })
}

function sameNetwork(a: ChainNetwork, b: ChainNetwork): boolean {
  return a.chainId === b.chainId && a.orchestrator === b.orchestrator && a.genesis === b.genesis
}

/** Decimal keys by value, others as text. */
function byNumber(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1)
}
