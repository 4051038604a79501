/** Choices that follow from a probe's entropy: the same for whoever knows it, unknown to everyone before. */
import { createHash } from 'node:crypto'
import { type Hash32, hexToBytes } from '../../core/ids.ts'
import type { ListedObject } from '../../core/manifest/object-list.ts'

/** A number from 0 to `bound` − 1; 53 of 64 random bits make the bias smaller than anything that could be measured. */
export function chooseBelow(entropy: Hash32, purpose: string, bound: number): number {
  const digest = createHash('sha256').update(purpose).update(hexToBytes(entropy)).digest()
  return Number((digest.readBigUInt64BE() >> 11n) % BigInt(bound))
}

export interface ChosenLeaf {
  object: ListedObject
  leaf: number
}

/** Each leaf of each listed object is as likely as any other. `undefined` when there is none. */
export function chooseLeaf(entropy: Hash32, objects: readonly ListedObject[]): ChosenLeaf | undefined {
  const readable = objects.filter((object) => object.bytes > 0)
  const leaves = readable.reduce((sum, object) => sum + object.leafHashes.length, 0)
  if (leaves === 0) return undefined
  let at = chooseBelow(entropy, 'lightmesh leaf', leaves)
  for (const object of readable) {
    if (at < object.leafHashes.length) return { object, leaf: at }
    at -= object.leafHashes.length
  }
  return undefined
}

/** `length` bytes that nobody can know before the entropy: what a write probe writes. */
export function expandEntropy(entropy: Hash32, length: number): Uint8Array {
  const out = Buffer.alloc(length)
  const seed = hexToBytes(entropy)
  for (let at = 0, i = 0; at < length; at += 32, i++) {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(i)
    createHash('sha256').update('lightmesh write').update(seed).update(counter).digest().copy(out, at)
  }
  return new Uint8Array(out)
}
