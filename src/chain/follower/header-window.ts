/** Consecutive headers below the head, linked by their parents' hashes: what a reorg is found by, and B_e looked up in. */
import type { BlockHeader } from '../api.ts'
import { ChainError } from '../errors.ts'

export class HeaderWindow {
  readonly #cap: number
  #headers: BlockHeader[] = []

  /** @param cap headers at the most; the oldest leave first. */
  constructor(cap: number) {
    this.#cap = cap
  }

  get tip(): BlockHeader | undefined {
    return this.#headers.at(-1)
  }

  get oldest(): BlockHeader | undefined {
    return this.#headers[0]
  }

  get size(): number {
    return this.#headers.length
  }

  at(number: number): BlockHeader | undefined {
    const [oldest] = this.#headers
    return oldest === undefined ? undefined : this.#headers[number - Number(oldest.number)]
  }

  /** @throws {ChainError} `rpc-inconsistent` when the header does not follow the tip. */
  push(header: BlockHeader): void {
    const { tip } = this
    if (tip !== undefined && (header.number !== tip.number + 1n || header.parentHash !== tip.hash))
      throw new ChainError('rpc-inconsistent', `block ${header.number} does not follow block ${tip.number}`)
    this.#headers.push(header)
    // Trimmed in steps: shifting an array on each block would copy it each time.
    if (this.#headers.length > this.#cap * 1.25) this.#headers = this.#headers.slice(-this.#cap)
  }

  /** Starts anew at a header that is not linked to what was there. */
  reset(header?: BlockHeader): void {
    this.#headers = header === undefined ? [] : [header]
  }

  /** Drops everything above `number`. */
  truncate(number: number): void {
    const [oldest] = this.#headers
    if (oldest !== undefined)
      this.#headers.length = Math.max(0, Math.min(this.size, number - Number(oldest.number) + 1))
  }

  /** The last header with a timestamp at or before `timestamp`; `undefined` when the window begins later. */
  lastAtOrBefore(timestamp: number): BlockHeader | undefined {
    let low = 0
    let high = this.#headers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#headers[middle]!.timestamp <= timestamp) low = middle + 1
      else high = middle
    }
    return this.#headers[low - 1]
  }
}
