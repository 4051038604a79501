/**
 * The newest advert of every unit: in memory for queries, in a key-value store for a restart. What is put in must have
 * been validated; here it is only kept in order, bounded, expired and written.
 */
import { encodeAdvert, type SignedAdvert } from '../advert/advert.ts'
import type { KnownAdvert } from '../advert/validate-advert.ts'
import type { UnitId } from '../ids.ts'
import type { KeyValueStore, StoreOperation } from '../ports/key-value-store.ts'
import type { Metrics } from '../ports/metrics.ts'
import { type BucketSummary, createBuckets } from './buckets.ts'
import { FLUSH_BATCH, MAX_ENTRIES, STORE_HEARTBEAT_MS } from './limits.ts'
import { decodeStored, encodeStored, STORE_PREFIX, STORE_PREFIX_END, storeKey } from './stored.ts'

export interface CatalogueEntry extends SignedAdvert {
  /** Unix ms of the last advert or heartbeat. */
  heardAtMs: number
}

/** new: a unit not in the catalogue before. changed: another body. heartbeat: the same body. full: no room. stale: nothing new. */
export type Applied = 'new' | 'changed' | 'heartbeat' | 'stale' | 'full'

export interface CatalogueOptions {
  /** @default 100,000 */
  maxEntries?: number
}

export interface CatalogueModules {
  store: KeyValueStore
  metrics: Metrics
}

export interface Catalogue {
  apply(advert: SignedAdvert, nowMs: number): Applied
  get(unitId: UnitId): CatalogueEntry | undefined
  known(unitId: UnitId): KnownAdvert | undefined
  /** In no order that means anything; expired ones are left out by `sweep` only. */
  entries(): IterableIterator<CatalogueEntry>
  readonly size: number
  /** For units that were retired. */
  forget(unitId: UnitId): boolean
  /** Drops expired adverts and those that `keep` refuses. @returns how many. */
  sweep(nowMs: number, keep: (unitId: UnitId) => boolean): number
  /** Writes what changed. */
  flush(nowMs: number): Promise<void>
  buckets(): BucketSummary
  /** Entries of a bucket with a unit id above `after`, ascending. */
  bucket(index: number, after: UnitId | undefined): CatalogueEntry[]
}

/** Loads what a former run stored and has not expired; the bodies were validated when they were stored. */
export async function openCatalogue(
  options: CatalogueOptions,
  modules: CatalogueModules,
  nowMs: number,
): Promise<Catalogue> {
  const catalogue = new StoredCatalogue(options, modules)
  await catalogue.load(nowMs)
  return catalogue
}

class StoredCatalogue implements Catalogue {
  readonly #maxEntries: number
  readonly #modules: CatalogueModules
  readonly #entries = new Map<UnitId, CatalogueEntry>()
  readonly #buckets = createBuckets()
  /** Unix ms of the last write; absent: must be written. */
  readonly #storedAt = new Map<UnitId, number>()
  readonly #removed = new Set<UnitId>()

  constructor({ maxEntries = MAX_ENTRIES }: CatalogueOptions, modules: CatalogueModules) {
    this.#maxEntries = maxEntries
    this.#modules = modules
  }

  async load(nowMs: number): Promise<void> {
    const range = { gte: STORE_PREFIX, lt: STORE_PREFIX_END, limit: this.#maxEntries }
    for await (const [key, value] of this.#modules.store.entries(range)) {
      const entry = decodeStored(value)
      if (entry === undefined || storeKey(entry.unitId) !== key) {
        this.#modules.metrics.count('catalogue_stored_refused_total')
        continue
      }
      if (entry.expiresAt * 1_000 <= nowMs) this.#removed.add(entry.unitId)
      else this.#put(entry, entry.heardAtMs)
    }
    this.#gauge()
  }

  get size(): number {
    return this.#entries.size
  }

  get(unitId: UnitId): CatalogueEntry | undefined {
    return this.#entries.get(unitId)
  }

  known(unitId: UnitId): KnownAdvert | undefined {
    return this.#entries.get(unitId)
  }

  entries(): IterableIterator<CatalogueEntry> {
    return this.#entries.values()
  }

  apply(advert: SignedAdvert, nowMs: number): Applied {
    const before = this.#entries.get(advert.unitId)
    const outcome = this.#outcome(advert, before)
    if (outcome !== 'stale' && outcome !== 'full') {
      const body = advert.body ?? (outcome === 'heartbeat' ? before?.body : undefined)
      const stored = this.#storedAt.get(advert.unitId)
      // A heartbeat waits for its interval, unless it brings the body that was missing.
      const gained = before?.body === undefined && body !== undefined
      this.#put({ ...advert, body, heardAtMs: nowMs }, outcome === 'heartbeat' && !gained ? stored : undefined)
    }
    this.#modules.metrics.count('catalogue_adverts_total', { outcome })
    return outcome
  }

  #outcome(advert: SignedAdvert, before: CatalogueEntry | undefined): Applied {
    if (before === undefined) return this.#entries.size >= this.#maxEntries ? 'full' : 'new'
    if (advert.seq < before.seq) return 'stale'
    const sameBody = advert.bodyHash === before.bodyHash
    // The same advert again is news only if it brings a body that was missing.
    if (advert.seq === before.seq) {
      return sameBody && before.body === undefined && advert.body !== undefined ? 'heartbeat' : 'stale'
    }
    return sameBody ? 'heartbeat' : 'changed'
  }

  #put(entry: CatalogueEntry, storedAt: number | undefined): void {
    const before = this.#entries.get(entry.unitId)
    if (before !== undefined) this.#buckets.toggle(before, -1)
    else this.#removed.delete(entry.unitId)
    this.#entries.set(entry.unitId, entry)
    this.#buckets.toggle(entry, 1)
    if (storedAt === undefined) this.#storedAt.delete(entry.unitId)
    else this.#storedAt.set(entry.unitId, storedAt)
  }

  forget(unitId: UnitId): boolean {
    const entry = this.#entries.get(unitId)
    if (entry === undefined) return false
    this.#buckets.toggle(entry, -1)
    this.#entries.delete(unitId)
    this.#storedAt.delete(unitId)
    this.#removed.add(unitId)
    return true
  }

  sweep(nowMs: number, keep: (unitId: UnitId) => boolean): number {
    let dropped = 0
    for (const { unitId, expiresAt } of this.#entries.values()) {
      if (expiresAt * 1_000 > nowMs && keep(unitId)) continue
      this.forget(unitId)
      dropped++
    }
    this.#gauge()
    return dropped
  }

  async flush(nowMs: number): Promise<void> {
    let batch: StoreOperation[] = [...this.#removed].map((unitId) => ({ type: 'del', key: storeKey(unitId) }))
    this.#removed.clear()
    for (const entry of this.#entries.values()) {
      const stored = this.#storedAt.get(entry.unitId)
      if (stored !== undefined && (entry.heardAtMs <= stored || nowMs - stored < STORE_HEARTBEAT_MS)) continue
      this.#storedAt.set(entry.unitId, nowMs)
      batch.push({ type: 'put', key: storeKey(entry.unitId), value: encodeStored(entry) })
      if (batch.length < FLUSH_BATCH) continue
      await this.#write(batch)
      batch = []
    }
    if (batch.length > 0) await this.#write(batch)
  }

  async #write(batch: StoreOperation[]): Promise<void> {
    try {
      await this.#modules.store.batch(batch)
    } catch (error) {
      // Written again by the next flush.
      for (const { type, key } of batch) {
        const unitId = key.slice(STORE_PREFIX.length) as UnitId
        if (type === 'put') this.#storedAt.delete(unitId)
        else if (!this.#entries.has(unitId)) this.#removed.add(unitId)
      }
      throw error
    }
    this.#modules.metrics.count('catalogue_store_writes_total', {}, batch.length)
  }

  buckets(): BucketSummary {
    return this.#buckets.summary()
  }

  bucket(index: number, after: UnitId | undefined): CatalogueEntry[] {
    return this.#buckets
      .unitsOf(index)
      .filter((unitId) => after === undefined || unitId > after)
      .sort()
      .map((unitId) => this.#entries.get(unitId)!)
  }

  #gauge(): void {
    this.#modules.metrics.gauge('catalogue_units', this.#entries.size)
  }
}

/** The bytes of the newest header with the body, as it would be sent to somebody who has nothing. */
export function encodeEntry(entry: CatalogueEntry): Uint8Array {
  return encodeAdvert(entry)
}
