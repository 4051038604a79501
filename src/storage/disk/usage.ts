/** Bytes in use against a quota. Space for a write is taken before its first byte arrives, so that writes can't overshoot. */
import { StorageError } from '../../core/ports/storage.ts'

export class Usage {
  readonly #maxBytes: number
  #stored = 0
  #writing = 0

  constructor(maxBytes: number = Number.MAX_SAFE_INTEGER) {
    this.#maxBytes = maxBytes
  }

  get bytes(): number {
    return this.#stored + this.#writing
  }

  /** Counts what is stored now (negative: no longer). */
  add(bytes: number): void {
    this.#stored += bytes
  }

  /** Holds `bytes` while `write` runs. @throws {StorageError} `quota-exceeded`. */
  async during<T>(bytes: number, write: () => Promise<T>): Promise<T> {
    if (this.bytes + bytes > this.#maxBytes)
      throw new StorageError('quota-exceeded', `${bytes} bytes do not fit: ${this.bytes} of ${this.#maxBytes} in use`)
    this.#writing += bytes
    try {
      return await write()
    } finally {
      this.#writing -= bytes
    }
  }
}
