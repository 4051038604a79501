/** Which parts of an unfinished upload are stored, on disk, so that a crash costs no more than the parts on the way. */
import { decodeCanonical, encodeCanonical, read } from '../../core/canonical-cbor.ts'
import type { KeyValueStore } from '../../core/ports/key-value-store.ts'

export interface UnfinishedUpload {
  bytes: number
  partBytes: number
  location: Uint8Array
  /** Leaf hashes of each part that is stored. */
  parts: Map<number, Uint8Array[]>
}

const MAX_RECORD_BYTES = 1 << 22

export class UploadJournal {
  readonly #store: KeyValueStore
  readonly #prefix: string

  constructor(store: KeyValueStore, reservationId: bigint, key: string) {
    this.#store = store
    // Length first: no key is the beginning of another one's.
    this.#prefix = `consumer/upload/${reservationId}/${key.length}:${key}/`
  }

  /** What an earlier run of the same upload left. */
  async load(bytes: number): Promise<UnfinishedUpload | undefined> {
    const header = await this.#store.get(`${this.#prefix}header`)
    if (!header) return undefined
    const [total, partBytes, location] = read.tuple(decodeCanonical(header, 256), 3)
    const upload: UnfinishedUpload = {
      bytes: read.uint(total),
      partBytes: read.uint(partBytes),
      location: read.bytes(location, 16),
      parts: new Map(),
    }
    if (upload.bytes !== bytes) return undefined
    for await (const [key, value] of this.#store.entries(this.#partRange())) {
      const [owner, hashesOf] = read.tuple(decodeCanonical(value, MAX_RECORD_BYTES), 2)
      const packed = read.bytesUpTo(hashesOf, MAX_RECORD_BYTES)
      // Written by another upload of the same key that ran at the same time.
      if (!read.bytes(owner, 16).every((byte, i) => byte === upload.location[i])) continue
      const hashes = Array.from({ length: packed.length / 32 }, (_, i) => packed.slice(32 * i, 32 * i + 32))
      upload.parts.set(Number(key.slice(this.#prefix.length + 1)), hashes)
    }
    return upload
  }

  async begin({ bytes, partBytes, location }: UnfinishedUpload): Promise<void> {
    await this.clear()
    const value = encodeCanonical([bytes, partBytes, location])
    await this.#store.batch([{ type: 'put', key: `${this.#prefix}header`, value }], { sync: true })
  }

  async stored(location: Uint8Array, part: number, leafHashes: readonly Uint8Array[]): Promise<void> {
    const packed = new Uint8Array(32 * leafHashes.length)
    leafHashes.forEach((hash, i) => {
      packed.set(hash, 32 * i)
    })
    const key = `${this.#prefix}p${String(part).padStart(6, '0')}`
    await this.#store.batch([{ type: 'put', key, value: encodeCanonical([location, packed]) }], { sync: true })
  }

  async clear(): Promise<void> {
    const keys = [`${this.#prefix}header`]
    for await (const [key] of this.#store.entries(this.#partRange())) keys.push(key)
    await this.#store.batch(keys.map((key) => ({ type: 'del', key })))
  }

  #partRange() {
    return { gte: `${this.#prefix}p`, lt: `${this.#prefix}q` }
  }
}
