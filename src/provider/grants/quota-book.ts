/**
 * What a reservation uses: bytes stored, by the backend's own listing, plus bytes that outstanding write grants may still
 * add. Neither alone will do: a listing is blind to the next write, and grants know nothing of what was there before.
 */
import { reservationPrefix } from '../../core/grants/grant.ts'
import type { ObjectStore } from '../../core/ports/storage.ts'

/** Keys of one reservation that the node looks at; beyond it, it grants no more writes. */
export const MAX_LISTED_KEYS = 100_000
/** Outstanding write grants of one reservation. */
export const MAX_OUTSTANDING = 10_000

interface Outstanding {
  bytes: number
  expiresAtMs: number
}

interface Account {
  stored: Map<string, number>
  storedBytes: number
  granted: Map<string, Outstanding>
  listedAtMs: number
}

export interface WriteItem {
  /** Within the backend. */
  key: string
  bytes: number
}

/** A listing older than this is not used to grant writes. */
const LISTING_MS = 60_000

export class QuotaBook {
  readonly #accounts = new Map<bigint, Account>()

  /**
   * Takes the bytes of all items into account, or of none.
   * @returns whether they fit into `capacityBytes`.
   */
  async take(
    store: ObjectStore,
    reservation: { id: bigint; capacityBytes: bigint },
    items: readonly WriteItem[],
    times: { nowMs: number; expiresAtMs: number },
    signal: AbortSignal,
  ): Promise<boolean> {
    let account = this.#accounts.get(reservation.id)
    const stale = !account || times.nowMs - account.listedAtMs > LISTING_MS
    if (!account || stale) account = await this.#list(store, reservation.id, times.nowMs, signal)
    if (this.#fits(account, reservation.capacityBytes, items, times.nowMs)) return this.#record(account, items, times)
    // It may have been deleted what the last listing still counts.
    if (account.listedAtMs !== times.nowMs) account = await this.#list(store, reservation.id, times.nowMs, signal)
    return this.#fits(account, reservation.capacityBytes, items, times.nowMs) && this.#record(account, items, times)
  }

  /** Bytes stored and granted as far as known; 0 for a reservation that nobody wrote to since the start. */
  usedBytes(reservationId: bigint, nowMs: number): number {
    const account = this.#accounts.get(reservationId)
    return account ? this.#used(account, [], nowMs) : 0
  }

  forget(reservationId: bigint): void {
    this.#accounts.delete(reservationId)
  }

  #record(account: Account, items: readonly WriteItem[], times: { nowMs: number; expiresAtMs: number }): boolean {
    for (const { key, bytes } of items) {
      const before = account.granted.get(key)
      account.granted.set(key, { bytes: Math.max(bytes, before?.bytes ?? 0), expiresAtMs: times.expiresAtMs })
    }
    return true
  }

  #fits(account: Account, capacityBytes: bigint, items: readonly WriteItem[], nowMs: number): boolean {
    const full = account.stored.size >= MAX_LISTED_KEYS || account.granted.size + items.length > MAX_OUTSTANDING
    return !full && BigInt(this.#used(account, items, nowMs)) <= capacityBytes
  }

  /** Each key counts with the most that it can have: what is stored, or what somebody may write there. */
  #used(account: Account, items: readonly WriteItem[], nowMs: number): number {
    const asked = new Map<string, number>()
    for (const [key, { bytes, expiresAtMs }] of account.granted) {
      if (expiresAtMs <= nowMs && account.listedAtMs > expiresAtMs) account.granted.delete(key)
      else asked.set(key, bytes)
    }
    for (const { key, bytes } of items) asked.set(key, Math.max(bytes, asked.get(key) ?? 0))
    let used = account.storedBytes
    for (const [key, bytes] of asked) used += Math.max(0, bytes - (account.stored.get(key) ?? 0))
    return used
  }

  async #list(store: ObjectStore, id: bigint, nowMs: number, signal: AbortSignal): Promise<Account> {
    const prefix = reservationPrefix(id)
    const stored = new Map<string, number>()
    let storedBytes = 0
    for (let after: string | undefined; ; ) {
      const page = await store.list({ prefix, ...(after !== undefined && { after }), signal })
      for (const { key, bytes } of page.objects) {
        stored.set(key, bytes)
        storedBytes += bytes
      }
      after = page.objects.at(-1)?.key
      if (!page.truncated || stored.size >= MAX_LISTED_KEYS) break
    }
    const granted = this.#accounts.get(id)?.granted ?? new Map<string, Outstanding>()
    const account: Account = { stored, storedBytes, granted, listedAtMs: nowMs }
    this.#accounts.set(id, account)
    return account
  }
}
