/** Leaf hashes of a byte stream of any size, in constant memory beside 32 bytes a leaf. */
import { type CreateSha256, createSha256, type RunningHash } from './sha256.ts'
import { LEAF_BYTES, objectRoot } from './tree.ts'

export interface HashedObject {
  bytes: number
  root: Uint8Array
  leafHashes: Uint8Array[]
}

export class LeafHasher {
  readonly #leaves: Uint8Array[] = []
  readonly #create: CreateSha256
  #leaf: RunningHash
  #filled = 0
  #bytes = 0

  /** @param create bulk data wants node:crypto's `() => createHash('sha256')`. */
  constructor(create: CreateSha256 = createSha256) {
    this.#create = create
    this.#leaf = this.#newLeaf()
  }

  update(chunk: Uint8Array): void {
    for (let offset = 0; offset < chunk.length; ) {
      if (this.#filled === LEAF_BYTES) this.#closeLeaf()
      const piece = chunk.subarray(offset, offset + LEAF_BYTES - this.#filled)
      this.#leaf.update(piece)
      this.#filled += piece.length
      offset += piece.length
    }
    this.#bytes += chunk.length
  }

  /** Ends the object; the hasher is of no further use. */
  finish(): HashedObject {
    if (this.#filled > 0 || this.#leaves.length === 0) this.#closeLeaf()
    return { bytes: this.#bytes, root: objectRoot(this.#bytes, this.#leaves), leafHashes: this.#leaves }
  }

  #closeLeaf(): void {
    this.#leaves.push(new Uint8Array(this.#leaf.digest()))
    this.#leaf = this.#newLeaf()
    this.#filled = 0
  }

  #newLeaf(): RunningHash {
    const hash = this.#create()
    hash.update(Uint8Array.of(0))
    return hash
  }
}

export function hashObject(data: Uint8Array): HashedObject {
  const hasher = new LeafHasher()
  hasher.update(data)
  return hasher.finish()
}
