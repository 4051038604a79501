/** SHA-256 for trees, and the seam through which bulk data is hashed by something faster. */
import { sha256 as noble } from '@noble/hashes/sha2.js'

/** A hash in progress; node:crypto's `Hash` is one, seven times as fast as the JavaScript here. */
export interface RunningHash {
  update(data: Uint8Array): unknown
  /** 32 bytes. */
  digest(): Uint8Array
}

export type CreateSha256 = () => RunningHash

export const createSha256: CreateSha256 = () => noble.create()

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = noble.create()
  for (const part of parts) hash.update(part)
  return hash.digest()
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
