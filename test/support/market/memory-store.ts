/** The key-value port in memory: what was put is there for whoever opens it next. */
import type { KeyValueStore, StoreOperation, StoreRange } from '../../../src/core/ports/key-value-store.ts'

export class MemoryStore implements KeyValueStore {
  readonly #map = new Map<string, Uint8Array>()

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.#map.get(key)
  }

  async batch(operations: StoreOperation[]): Promise<void> {
    for (const operation of operations) {
      if (operation.type === 'put') this.#map.set(operation.key, operation.value)
      else this.#map.delete(operation.key)
    }
  }

  async *entries({ gte = '', lt, limit = Number.POSITIVE_INFINITY }: StoreRange): AsyncIterable<[string, Uint8Array]> {
    const keys = [...this.#map.keys()].filter((key) => key >= gte && (lt === undefined || key < lt)).sort()
    for (const key of keys.slice(0, limit)) yield [key, this.#map.get(key)!]
  }

  get size(): number {
    return this.#map.size
  }
}
