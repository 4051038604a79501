/** `KeyValueStore` in a map, for tests whose subject is not the store. */
import type { KeyValueStore, StoreOperation, StoreRange } from '../../src/core/ports/key-value-store.ts'

export class MapStore implements KeyValueStore {
  readonly #entries = new Map<string, Uint8Array>()

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.#entries.get(key)?.slice()
  }

  async batch(operations: StoreOperation[]): Promise<void> {
    for (const operation of operations)
      if (operation.type === 'put') this.#entries.set(operation.key, operation.value.slice())
      else this.#entries.delete(operation.key)
  }

  async *entries({ gte, lt, reverse, limit }: StoreRange): AsyncGenerator<[string, Uint8Array]> {
    const order = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
    const keys = [...this.#entries.keys()]
      .filter((key) => (gte === undefined || order(key, gte) >= 0) && (lt === undefined || order(key, lt) < 0))
      .sort(reverse ? (a, b) => order(b, a) : order)
    const snapshot = keys.slice(0, limit).map((key): [string, Uint8Array] => [key, this.#entries.get(key)!.slice()])
    yield* snapshot
  }
}
