/**
 * The part of Solidity's `abi.encode` that the protocol's hashes need: static types only, one 32-byte word each.
 * Checked against viem and against the contracts by the golden vectors.
 */
import type { Hex } from './ids.ts'
import { hexToBytes } from './ids.ts'

/** Unsigned integers take number or bigint; addresses and hashes take hex. */
export type Word = number | bigint | Hex

/** Writes one word at `offset`. @throws {RangeError} when it does not fit 32 bytes, is negative or not an integer. */
export function writeWord(out: Uint8Array, offset: number, word: Word): void {
  if (typeof word === 'string') {
    const bytes = hexToBytes(word)
    if (bytes.length > 32) throw new RangeError('abi: more than 32 bytes')
    out.set(bytes, offset + 32 - bytes.length)
    return
  }
  if (typeof word === 'number' && !Number.isSafeInteger(word))
    throw new RangeError(`abi: ${word} is not a safe integer`)
  let rest = BigInt(word)
  if (rest < 0n || rest >> 256n !== 0n) throw new RangeError('abi: out of uint256')
  for (let i = offset + 31; rest > 0n; i--) {
    out[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
}

/** `abi.encode` of static words; hex of fewer than 32 bytes is an address and is padded on the left. */
export function encodeWords(words: readonly Word[]): Uint8Array {
  const out = new Uint8Array(words.length * 32)
  words.forEach((word, i) => {
    writeWord(out, i * 32, word)
  })
  return out
}

/** UTF-8, zero-padded on the right to 32 bytes (`bytes32` text). @throws {RangeError} when longer. */
export function textWord(text: string): Hex {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length > 32) throw new RangeError('abi: text longer than 32 bytes')
  const padded = new Uint8Array(32)
  padded.set(bytes)
  return `0x${Array.from(padded, (b) => b.toString(16).padStart(2, '0')).join('')}`
}
