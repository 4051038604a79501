/** The contracts' state as a fold over their events: pure, versioned by block, undone by a reorg, pruned below a block. */
import { type EpochClock, epochAt } from '../../core/epoch-clock.ts'
import type { ChainView } from '../api.ts'
import type { ContractEvent, EventPlace } from '../events.ts'
import type { ReservationRecord } from '../records.ts'
import { applyAttestations } from './attestations.ts'
import { applyDisputes } from './disputes.ts'
import { applyOracles } from './oracles.ts'
import { applyReservations } from './reservations.ts'
import { createTables, TABLE_NAMES, type Tables } from './tables.ts'
import { applyUnits } from './units.ts'
import { viewAt } from './view.ts'

/** Twice the contract's ring: what is older can't be proven against the chain any more. */
export const MAX_ATTESTATIONS = 8_192
/** Closed reservations kept for history; open ones are always kept. */
export const MAX_CLOSED_RESERVATIONS = 50_000

/** A row that changed for good: written to the store, or removed from it. */
export interface SettledRow {
  table: keyof Tables
  key: string
  /** `undefined`: dropped because of a cap. */
  value: unknown
}

export class Projection {
  readonly #tables = createTables()
  readonly #clock: EpochClock
  /** Closed reservations, in the order in which their closing became settled. */
  readonly #closed = new Set<string>()
  readonly #attested = new Set<string>()
  readonly #sorted: { size: number; ids: string[] } = { size: -1, ids: [] }

  constructor(clock: EpochClock) {
    this.#clock = clock
  }

  apply(event: ContractEvent, place: EventPlace): void {
    applyOracles(this.#tables, event, place.block)
    applyUnits(this.#tables, event, place.block)
    applyReservations(this.#tables, event, place.block)
    applyDisputes(this.#tables, event, place.block)
    applyAttestations(this.#tables, event, place, (timestamp) => epochAt(this.#clock, timestamp * 1000))
  }

  rollback(block: number): void {
    for (const name of TABLE_NAMES) this.#tables[name].rollback(block)
    this.#sorted.size = -1
  }

  /** Forgets versions before `block`. @returns what changed up to it since the last call. */
  prune(block: number): SettledRow[] {
    const rows: SettledRow[] = []
    for (const table of TABLE_NAMES)
      for (const [key, value] of this.#tables[table].prune(block)) {
        rows.push({ table, key, value })
        this.#remember(table, key, value)
      }
    return [
      ...rows,
      ...this.#drop('attestations', this.#attested, MAX_ATTESTATIONS),
      ...this.#drop('reservations', this.#closed, MAX_CLOSED_RESERVATIONS),
    ]
  }

  /** Puts a row back that `prune` gave before; rows of a table in the order of their blocks. */
  restore(table: keyof Tables, key: string, block: number, value: unknown): void {
    ;(this.#tables[table] as { restore(key: string, block: number, value: unknown): void }).restore(key, block, value)
    this.#remember(table, key, value)
  }

  clear(): void {
    for (const name of TABLE_NAMES) this.#tables[name].clear()
    this.#closed.clear()
    this.#attested.clear()
    this.#sorted.size = -1
  }

  view(block: number): ChainView {
    return viewAt(this.#tables, block, () => this.#unitIds())
  }

  /** Latest value of a row. */
  latest<K extends keyof Tables>(table: K, key: string): ReturnType<Tables[K]['get']> {
    return this.#tables[table].get(key) as ReturnType<Tables[K]['get']>
  }

  #remember(table: keyof Tables, key: string, value: unknown): void {
    if (table === 'attestations') this.#attested.add(key)
    if (table !== 'reservations') return
    const { status } = value as ReservationRecord
    if (status !== 'Held' && status !== 'Active') this.#closed.add(key)
  }

  #drop(table: 'attestations' | 'reservations', keys: Set<string>, cap: number): SettledRow[] {
    const rows: SettledRow[] = []
    for (const key of keys) {
      if (keys.size <= cap) break
      keys.delete(key)
      this.#tables[table].forget(key)
      rows.push({ table, key, value: undefined })
    }
    return rows
  }

  /** Ids never leave but by a reorg, so they are sorted again only when there are more of them. */
  #unitIds(): readonly string[] {
    if (this.#sorted.size !== this.#tables.units.size) {
      this.#sorted.ids = [...this.#tables.units.entries()].map(([id]) => id).sort()
      this.#sorted.size = this.#tables.units.size
    }
    return this.#sorted.ids
  }
}
