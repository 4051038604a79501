/** Seeded randomness (sfc32): every choice of a simulation comes from one seed, and each part has a stream of its own. */
import { keccak256 } from '../../../src/core/keccak.ts'
import type { Rng } from '../../../src/core/ports/rng.ts'

export class Random implements Rng {
  #a: number
  #b: number
  #c: number
  #d = 1
  readonly #name: string

  constructor(name: string) {
    this.#name = name
    const view = new DataView(keccak256(new TextEncoder().encode(name)).buffer)
    this.#a = view.getUint32(0)
    this.#b = view.getUint32(4)
    this.#c = view.getUint32(8)
    for (let i = 0; i < 12; i++) this.uint32()
  }

  /** An independent stream: what one part draws does not move another's. */
  fork(label: string | number): Random {
    return new Random(`${this.#name}/${label}`)
  }

  uint32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0
    this.#d = (this.#d + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (this.#c << 21) | (this.#c >>> 11)
    this.#c = (this.#c + t) | 0
    return t >>> 0
  }

  /** In [0, 1). */
  unit(): number {
    return this.uint32() / 2 ** 32
  }

  /** Integer in [from, to]. */
  int(from: number, to: number): number {
    return from + Math.floor(this.unit() * (to - from + 1))
  }

  chance(probability: number): boolean {
    return probability > 0 && this.unit() < probability
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.int(0, items.length - 1)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }

  /** `count` different items. */
  sample<T>(items: readonly T[], count: number): T[] {
    const rest = [...items]
    const out: T[] = []
    while (out.length < count && rest.length > 0) out.push(...rest.splice(this.int(0, rest.length - 1), 1))
    return out
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length)
    for (let i = 0; i < length; i++) out[i] = this.uint32() >>> 24
    return out
  }
}
