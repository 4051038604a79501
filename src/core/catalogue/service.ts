/**
 * The catalogue at work: hears adverts, keeps them current against the chain, serves and synchronises, writes to disk.
 * The one object that a node makes of this folder.
 */
import type { SignedAdvert } from '../advert/advert.ts'
import { ADVERT_SHARDS } from '../advert/limits.ts'
import { advertTopic, shardOf } from '../advert/topics.ts'
import { type AdvertRules, validateAdvert } from '../advert/validate-advert.ts'
import type { Digests, Domain } from '../eip712.ts'
import { codeOf } from '../errors.ts'
import type { Address, UnitId } from '../ids.ts'
import type { Clock } from '../ports/clock.ts'
import type { Gossip, Verdict } from '../ports/gossip.ts'
import type { KeyValueStore } from '../ports/key-value-store.ts'
import type { Logger } from '../ports/logger.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Requests } from '../ports/requests.ts'
import type { SignatureScheme } from '../ports/signer.ts'
import type { RegisteredUnit, UnitState } from '../units.ts'
import { type Catalogue, openCatalogue } from './catalogue.ts'
import { SYNC_PEERS } from './limits.ts'
import { type QueryResult, queryUnits, type UnitQuery, type UnitView } from './query.ts'
import { type SyncReport, syncCatalogue } from './sync-client.ts'
import { serveCatalogue } from './sync-server.ts'

export interface CatalogueServiceOptions {
  domain: Domain
  /** @default 100,000 */
  maxEntries?: number
  /** Between two comparisons with another peer. @default 60,000 ms */
  syncEveryMs?: number
  /** Between two writes to disk. @default 5,000 ms */
  flushEveryMs?: number
}

export interface CatalogueServicePorts {
  gossip: Gossip
  requests: Requests
  store: KeyValueStore
  clock: Clock
  digests: Digests
  scheme: SignatureScheme
  /** The chain at this node's head, retired units included. */
  unit(id: UnitId): RegisteredUnit | undefined
  units(): Iterable<RegisteredUnit>
  /** Of the last attested leaf; `undefined` before the first. */
  standing(id: UnitId): { state: UnitState; scoreBps: number } | undefined
  /** Integer in [0, below). */
  random(below: number): number
  /** A peer sent what no honest node sends. */
  onLiar?(peer: Address): void
  logger: Logger
  metrics: Metrics
}

export interface CatalogueService {
  readonly catalogue: Catalogue
  start(): void
  /** Ends everything and writes what is left. */
  stop(): Promise<void>
  query(query: UnitQuery): QueryResult
  /** Everything known of one unit; `undefined` when the chain does not know it. */
  view(id: UnitId): UnitView | undefined
  /** Keeps and sends an advert of a unit of this node. */
  announce(full: SignedAdvert, sent: Uint8Array): Promise<void>
  /** Compares with up to four connected peers. */
  sync(signal: AbortSignal): Promise<SyncReport>
  /** Called after each advert that was news. A listener must not throw or take long. */
  watch(listener: (advert: SignedAdvert) => void): () => void
}

const SYNC_EVERY_MS = 60_000
const FLUSH_EVERY_MS = 5_000
/** With nobody connected yet the first comparison is tried again soon … */
const FIRST_SYNC_MS = 1_000
/** … and not much later when no peer could be compared with to the end. */
const RETRY_SYNC_MS = 5_000

export async function openCatalogueService(
  options: CatalogueServiceOptions,
  ports: CatalogueServicePorts,
): Promise<CatalogueService> {
  const { clock } = ports
  const limits = options.maxEntries === undefined ? {} : { maxEntries: options.maxEntries }
  const catalogue = await openCatalogue(limits, ports, clock.now())
  return new RunningCatalogue(options, ports, catalogue)
}

class RunningCatalogue implements CatalogueService {
  readonly catalogue: Catalogue
  readonly #options: CatalogueServiceOptions
  readonly #ports: CatalogueServicePorts
  readonly #stopped = new AbortController()
  readonly #listeners = new Set<(advert: SignedAdvert) => void>()
  readonly #running = new Set<Promise<void>>()
  readonly #timers = new Set<() => void>()
  #endings: (() => void)[] = []

  constructor(options: CatalogueServiceOptions, ports: CatalogueServicePorts, catalogue: Catalogue) {
    this.#options = options
    this.#ports = ports
    this.catalogue = catalogue
  }

  start(): void {
    const { gossip, requests } = this.#ports
    const { domain, flushEveryMs = FLUSH_EVERY_MS } = this.#options
    for (let shard = 0; shard < ADVERT_SHARDS; shard++) {
      this.#endings.push(gossip.subscribe(advertTopic(domain, shard), ({ data }) => this.#hear(data, shard)))
    }
    this.#endings.push(serveCatalogue(this.catalogue, requests, domain))
    this.#every(flushEveryMs, async () => {
      await this.#tidy()
      return flushEveryMs
    })
    const pauseMs = this.#options.syncEveryMs ?? SYNC_EVERY_MS
    this.#every(FIRST_SYNC_MS, async () => {
      if (requests.peers().length === 0) return FIRST_SYNC_MS
      const { honest } = await this.sync(this.#stopped.signal)
      return honest.length > 0 ? pauseMs : Math.min(pauseMs, RETRY_SYNC_MS)
    })
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the catalogue is stopping'))
    for (const end of [...this.#endings, ...this.#timers]) end()
    this.#endings = []
    this.#timers.clear()
    await Promise.allSettled(this.#running)
    await this.catalogue.flush(this.#ports.clock.now())
  }

  query(query: UnitQuery): QueryResult {
    return queryUnits(this.#views(), query)
  }

  view(id: UnitId): UnitView | undefined {
    const unit = this.#ports.unit(id)
    return unit && this.#viewOf(unit)
  }

  async announce(full: SignedAdvert, sent: Uint8Array): Promise<void> {
    this.catalogue.apply(full, this.#ports.clock.now())
    await this.#ports.gossip.publish(advertTopic(this.#options.domain, shardOf(full.unitId)), sent)
  }

  async sync(signal: AbortSignal): Promise<SyncReport> {
    const { requests, clock, onLiar, logger } = this.#ports
    const peers = this.#somePeers(requests.peers())
    const modules = {
      ...{ catalogue: this.catalogue, requests, logger, domain: this.#options.domain },
      ...{ rules: this.#ports, now: () => clock.now() },
    }
    const report = await syncCatalogue(peers, modules, signal)
    for (const liar of report.liars) {
      this.#ports.metrics.count('catalogue_liars_total')
      onLiar?.(liar)
    }
    return report
  }

  watch(listener: (advert: SignedAdvert) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #hear(data: Uint8Array, shard: number): Verdict {
    const { clock, logger } = this.#ports
    const nowMs = clock.now()
    const rules: AdvertRules = { ...this.#ports, nowMs, shard, known: (id) => this.catalogue.known(id) }
    const judged = validateAdvert(data, rules)
    if (judged.result !== 'accept') {
      if (judged.code === 'equivocation' && judged.message)
        logger.warn('a provider signed two adverts with one number', { unitId: judged.message.unitId })
      return { result: judged.result, code: judged.code }
    }
    const outcome = this.catalogue.apply(judged.message, nowMs)
    if (outcome === 'new' || outcome === 'changed') for (const listener of this.#listeners) listener(judged.message)
    return { result: 'accept' }
  }

  async #tidy(): Promise<void> {
    const nowMs = this.#ports.clock.now()
    this.catalogue.sweep(nowMs, (id) => this.#ports.unit(id)?.status !== 'Retired')
    await this.catalogue.flush(nowMs)
  }

  /** `task` first after `firstMs`, then again as long after each end as it says; `firstMs` after a failure, which is logged. */
  #every(firstMs: number, task: () => Promise<number>): void {
    const { clock, logger } = this.#ports
    const schedule = (ms: number) => {
      if (this.#stopped.signal.aborted) return
      const cancel = clock.schedule(clock.now() + ms, () => {
        this.#timers.delete(cancel)
        const run = task()
          .catch((error: unknown) => {
            if (!this.#stopped.signal.aborted)
              logger.warn('catalogue task failed', { code: codeOf(error), error: String(error) })
          })
          .then((pauseMs) => {
            this.#running.delete(run)
            schedule(pauseMs ?? firstMs)
          })
        this.#running.add(run)
      })
      this.#timers.add(cancel)
    }
    schedule(firstMs)
  }

  #somePeers(peers: Address[]): Address[] {
    const chosen: Address[] = []
    while (peers.length > 0 && chosen.length < SYNC_PEERS) {
      chosen.push(...peers.splice(this.#ports.random(peers.length), 1))
    }
    return chosen
  }

  *#views(): Iterable<UnitView> {
    for (const unit of this.#ports.units()) yield this.#viewOf(unit)
  }

  #viewOf(unit: RegisteredUnit): UnitView {
    const standing = this.#ports.standing(unit.id)
    return { unit, entry: this.catalogue.get(unit.id), state: standing?.state, scoreBps: standing?.scoreBps }
  }
}
