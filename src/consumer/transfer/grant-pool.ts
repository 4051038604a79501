/** Grants of one transfer: asked for several at a time, ahead of their use, and swapped when they run out. */
import type { Grant, GrantItem } from '../../core/grants/grant.ts'
import type { TransferPorts } from './context.ts'
import { isGrantRefused } from './retry.ts'

/** Grants asked for at once: a few round trips for a gigabyte, and none of them old when its turn comes. */
const BATCH = 16
/** A grant that ends sooner is not used any more. */
const MIN_LEFT_MS = 5000

export class GrantPool {
  readonly #ports: TransferPorts
  readonly #reservationId: bigint
  readonly #items: readonly GrantItem[]
  readonly #grants = new Map<number, Promise<Grant>>()

  /** @param items all of the transfer, in the order of their use. */
  constructor(ports: TransferPorts, reservationId: bigint, items: readonly GrantItem[]) {
    this.#ports = ports
    this.#reservationId = reservationId
    this.#items = items
  }

  /** @throws {GrantError} */
  async take(index: number, signal: AbortSignal): Promise<Grant> {
    const known = this.#grants.get(index)
    if (known) {
      const grant = await known
      if (grant.expiresAtMs - this.#ports.clock.now() > MIN_LEFT_MS) return grant
    }
    const from = index
    const to = Math.min(this.#items.length, known ? index + 1 : index + BATCH)
    const asked = this.#ports.grants.reservationGrants(this.#reservationId, this.#items.slice(from, to), signal)
    for (let i = from; i < to; i++) {
      const grant = asked.then((grants) => grants[i - from]!)
      // A failed batch is asked for again by whoever needs it next.
      grant.catch(() => this.#grants.get(i) === grant && this.#grants.delete(i))
      this.#grants.set(i, grant)
    }
    return (await this.#grants.get(index))!
  }

  /** After a refusal by the backend. */
  drop(index: number): void {
    this.#grants.delete(index)
  }
}

/** A refused grant is dropped, so that the next attempt asks for a new one. */
export async function throughGrant<T>(
  pool: GrantPool,
  index: number,
  signal: AbortSignal,
  use: (grant: Grant) => Promise<T>,
): Promise<T> {
  try {
    return await use(await pool.take(index, signal))
  } catch (error) {
    if (isGrantRefused(error)) pool.drop(index)
    throw error
  }
}
