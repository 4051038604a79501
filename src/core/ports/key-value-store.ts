/** Ordered key-value storage: LevelDB in a node, a map with lost unsynced writes in the simulation. */

export type StoreOperation = { type: 'put'; key: string; value: Uint8Array } | { type: 'del'; key: string }

export interface StoreRange {
  gte?: string
  lt?: string
  reverse?: boolean
  /** Entries at the most. */
  limit?: number
}

export interface KeyValueStore {
  /** `undefined` for a key that is not there. */
  get(key: string): Promise<Uint8Array | undefined>
  /** All or nothing. With `sync`, resolved means that it survives a power cut. */
  batch(operations: StoreOperation[], options?: { sync?: boolean }): Promise<void>
  /** Entries in the order of their keys' UTF-8 bytes. */
  entries(range: StoreRange): AsyncIterable<[key: string, value: Uint8Array]>
}
