/**
 * Key-value store of a simulated process: writes without `sync` are lost in a crash, from some batch on; a `sync` write
 * takes time, and a crash within it may keep it or not.
 */
import type { KeyValueStore, StoreOperation, StoreRange } from '../../../src/core/ports/key-value-store.ts'
import type { Random } from './random.ts'
import type { VirtualTime } from './time.ts'

/** Order of the keys' UTF-8 bytes: by code points, which differs from UTF-16 units only at surrogates. */
function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (x === y) continue
    const high = (unit: number) => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit)
    return high(x) - high(y)
  }
  return a.length - b.length
}

export interface SimStoreOptions {
  time: VirtualTime
  random: Random
  /** Virtual milliseconds that a synchronous write takes at most. */
  syncMs: number
}

/** The disk, which outlives processes. */
export class SimDisk {
  readonly #options: SimStoreOptions
  readonly #durable = new Map<string, Uint8Array>()
  #live = new Map<string, Uint8Array>()
  #unsynced: StoreOperation[][] = []
  /** Called when a synchronous write begins: schedules place crashes there. */
  onSync: (() => void) | undefined
  /** Writes fail while set. */
  readOnly = false

  constructor(options: SimStoreOptions) {
    this.#options = options
  }

  /** Keeps what was synced and a random prefix of the rest. */
  crash(): void {
    const kept = this.#options.random.int(0, this.#unsynced.length)
    for (const operations of this.#unsynced.slice(0, kept)) apply(this.#durable, operations)
    this.#unsynced = []
    this.#live = new Map(this.#durable)
  }

  /** Everything that is on disk or on its way there, for checkers. */
  contents(): ReadonlyMap<string, Uint8Array> {
    return this.#live
  }

  /** Removes keys as an operator or a fault would. */
  tamper(change: (entries: Map<string, Uint8Array>) => void): void {
    change(this.#durable)
    change(this.#live)
  }

  /** The disk as one process sees it; after `kill` nothing resolves any more. */
  open(): { store: KeyValueStore; kill: () => void } {
    let alive = true
    const gone = () => new Promise<never>(() => {})
    const store: KeyValueStore = {
      get: async (key) => (alive ? this.#live.get(key)?.slice() : gone()),
      batch: async (operations, options) =>
        alive ? this.#write(operations, options?.sync ?? false, () => alive) : gone(),
      entries: (range) => this.#entries(range),
    }
    return {
      store,
      kill: () => {
        alive = false
      },
    }
  }

  async #write(operations: StoreOperation[], sync: boolean, alive: () => boolean): Promise<void> {
    if (this.readOnly) throw new Error('EROFS: read-only file system')
    const copy = operations.map((op) => (op.type === 'put' ? { ...op, value: op.value.slice() } : op))
    apply(this.#live, copy)
    this.#unsynced.push(copy)
    if (!sync) return
    const { time, random, syncMs } = this.#options
    if (syncMs > 0) {
      this.onSync?.()
      await new Promise<void>((resolve) => time.after(random.int(1, syncMs), resolve))
      if (!alive()) return new Promise<never>(() => {})
    }
    // The log is sequential: a synchronous write takes everything before it along.
    for (const batch of this.#unsynced) apply(this.#durable, batch)
    this.#unsynced = []
  }

  async *#entries(range: StoreRange): AsyncGenerator<[string, Uint8Array]> {
    const keys = [...this.#live.keys()]
      .filter((key) => (range.gte === undefined || compareKeys(key, range.gte) >= 0) && inFront(key, range.lt))
      .sort(compareKeys)
    if (range.reverse) keys.reverse()
    const snapshot = keys.slice(0, range.limit).map((key): [string, Uint8Array] => [key, this.#live.get(key)!.slice()])
    yield* snapshot
  }
}

const inFront = (key: string, end: string | undefined) => end === undefined || compareKeys(key, end) < 0

function apply(map: Map<string, Uint8Array>, operations: readonly StoreOperation[]): void {
  for (const op of operations) {
    if (op.type === 'put') map.set(op.key, op.value)
    else map.delete(op.key)
  }
}
