/** What probing a unit needs (object list and grants), asked for ahead of time and kept until it runs out. */
import type { Grant } from '../../core/grants/grant.ts'
import type { Epoch, UnitId } from '../../core/ids.ts'
import type { ObjectList } from '../../core/manifest/object-list.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { GrantSource, ObjectListSource } from '../../core/ports/grants.ts'
import type { RegisteredUnit } from '../../core/units.ts'
import { outcomeOfGrants, outcomeOfList, ProbeFailure } from './outcomes.ts'

export interface ProbeRights {
  list: ObjectList
  grants: readonly Grant[]
  /** Of the grant that ends first. */
  expiresAtMs: number
}

export interface RightsOptions {
  /** Rights that end sooner than this are renewed. Several epochs, so that a renewal may fail and be tried again. */
  renewBeforeMs: number
  /** Units asked at the same time. */
  concurrency: number
}

export class RightsBook {
  readonly #source: GrantSource & ObjectListSource
  readonly #clock: Pick<Clock, 'now'>
  readonly #options: RightsOptions
  readonly #rights = new Map<UnitId, ProbeRights>()
  readonly #running = new Map<UnitId, Promise<ProbeRights>>()

  constructor(source: GrantSource & ObjectListSource, clock: Pick<Clock, 'now'>, options: RightsOptions) {
    this.#source = source
    this.#clock = clock
    this.#options = options
  }

  /** Renews what runs out soon, for all of these units alike, and forgets all others. A failure is found by the probe. */
  async prepare(epoch: Epoch, units: readonly RegisteredUnit[], signal: AbortSignal): Promise<void> {
    const known = new Set(units.map((unit) => unit.id))
    for (const id of this.#rights.keys()) if (!known.has(id)) this.#rights.delete(id)
    const waiting = units.filter((unit) => !this.#fresh(unit.id))
    const worker = async () => {
      for (let unit = waiting.shift(); unit && !signal.aborted; unit = waiting.shift())
        await this.#fetch(unit, epoch, signal).catch(() => {})
    }
    await Promise.all(Array.from({ length: this.#options.concurrency }, worker))
  }

  /** Rights that hold now. @throws {ProbeFailure} */
  async of(unit: RegisteredUnit, epoch: Epoch, signal: AbortSignal): Promise<ProbeRights> {
    const rights = this.#rights.get(unit.id)
    if (rights && rights.expiresAtMs > this.#clock.now()) return rights
    return this.#fetch(unit, epoch, signal)
  }

  /** After an answer that says that the rights or the list are out of date. */
  forget(unitId: UnitId): void {
    this.#rights.delete(unitId)
  }

  #fresh(id: UnitId): boolean {
    return (this.#rights.get(id)?.expiresAtMs ?? 0) > this.#clock.now() + this.#options.renewBeforeMs
  }

  async #fetch(unit: RegisteredUnit, epoch: Epoch, signal: AbortSignal): Promise<ProbeRights> {
    const running = this.#running.get(unit.id)
    if (running) return running
    const work = this.#ask(unit, epoch, signal)
    this.#running.set(unit.id, work)
    try {
      const rights = await work
      this.#rights.set(unit.id, rights)
      return rights
    } finally {
      this.#running.delete(unit.id)
    }
  }

  async #ask(unit: RegisteredUnit, epoch: Epoch, signal: AbortSignal): Promise<ProbeRights> {
    const list = await this.#source.objectList(unit, signal).catch((cause) => {
      signal.throwIfAborted()
      throw new ProbeFailure(outcomeOfList(cause), { cause })
    })
    const grants = await this.#source.probeGrants(unit, epoch, signal).catch((cause) => {
      signal.throwIfAborted()
      throw new ProbeFailure(outcomeOfGrants(cause), { cause })
    })
    return { list, grants, expiresAtMs: Math.min(...grants.map((grant) => grant.expiresAtMs), Number.MAX_SAFE_INTEGER) }
  }
}
