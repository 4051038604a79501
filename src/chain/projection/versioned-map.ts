/**
 * A map that remembers what each key was at which block, from a pruned block up to the head: the same projection
 * answers for the head and for B_e, and a reorg is undone by dropping versions. Memory is the state plus its changes
 * above the pruned block.
 */

interface Version<V> {
  block: number
  value: V
}

export class VersionedMap<V> {
  readonly #rows = new Map<string, Version<V>[]>()
  /** (block, key) of each change above the pruned block, oldest first. */
  #changes: { block: number; key: string }[] = []

  /** The value at the end of `block`. */
  get(key: string, block = Number.POSITIVE_INFINITY): V | undefined {
    const versions = this.#rows.get(key)
    if (versions === undefined) return undefined
    for (let i = versions.length - 1; i >= 0; i--) if (versions[i]!.block <= block) return versions[i]!.value
    return undefined
  }

  /** Blocks must not go backwards. */
  set(key: string, block: number, value: V): void {
    const versions = this.#rows.get(key)
    if (versions === undefined) {
      this.#rows.set(key, [{ block, value }])
    } else {
      const last = versions.at(-1)!
      if (last.block > block) throw new RangeError(`versioned map: block ${block} after ${last.block}`)
      if (last.block === block) {
        last.value = value
        return
      }
      versions.push({ block, value })
    }
    this.#changes.push({ block, key })
  }

  /** Keys in the order of their first appearance. */
  *entries(block = Number.POSITIVE_INFINITY): IterableIterator<[string, V]> {
    for (const key of this.#rows.keys()) {
      const value = this.get(key, block)
      if (value !== undefined) yield [key, value]
    }
  }

  get size(): number {
    return this.#rows.size
  }

  /** Undoes everything above `block`, which must not be below the pruned one. */
  rollback(block: number): void {
    for (
      let change = this.#changes.at(-1);
      change !== undefined && change.block > block;
      change = this.#changes.at(-1)
    ) {
      this.#changes.pop()
      const versions = this.#rows.get(change.key)!
      versions.pop()
      if (versions.length === 0) this.#rows.delete(change.key)
    }
  }

  /** Forgets what was before `block`; returns the keys that changed up to it since the last call, with their values. */
  prune(block: number): Map<string, V> {
    const dirty = new Map<string, V>()
    let count = 0
    for (const { block: at, key } of this.#changes) {
      if (at > block) break
      count++
      dirty.set(key, this.get(key, block)!)
    }
    this.#changes = this.#changes.slice(count)
    for (const key of dirty.keys()) {
      const versions = this.#rows.get(key)!
      const keep = versions.findLastIndex((version) => version.block <= block)
      if (keep > 0) versions.splice(0, keep)
    }
    return dirty
  }

  /** Drops a key for good, without a version: only for what has no change above the pruned block. */
  forget(key: string): void {
    this.#rows.delete(key)
  }

  /** Puts a persisted value back, as if pruned at `block`. */
  restore(key: string, block: number, value: V): void {
    this.#rows.set(key, [{ block, value }])
  }

  clear(): void {
    this.#rows.clear()
    this.#changes = []
  }
}
