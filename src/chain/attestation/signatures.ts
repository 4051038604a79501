/** Signatures in the contract's form (docs/protocol.md 1.4): a bitmap word, then r ‖ s of each signer, ascending. */
import { bitmapOf } from '../../core/hash-list.ts'
import { bytesToHex, type Hex, hexToBytes } from '../../core/ids.ts'
import type { SignedBy } from '../../core/ports/chain.ts'
import type { Signature } from '../../core/ports/signer.ts'

const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/** r ‖ s such that v = 27 recovers the signer: (v = 28, s) becomes (27, N − s). */
export function compactSignature(signature: Signature): Uint8Array {
  const compact = Uint8Array.from(signature.subarray(0, 64))
  if (signature[64] === 28) {
    const s = N - BigInt(bytesToHex(signature.subarray(32, 64)))
    compact.set(hexToBytes(`0x${s.toString(16).padStart(64, '0')}`), 32)
  }
  return compact
}

/**
 * The contract wants exactly a quorum: of more, those with the lowest indexes are taken, so that everybody who holds
 * the same signatures sends the same bytes.
 * @throws {RangeError} for fewer than `quorum`, or one index twice.
 */
export function packSignatures(signatures: readonly SignedBy[], quorum: number): Hex {
  const sorted = signatures.toSorted((a, b) => a.index - b.index)
  if (sorted.some(({ index }, i) => sorted[i - 1]?.index === index)) throw new RangeError('a node signed twice')
  if (sorted.length < quorum) throw new RangeError(`${sorted.length} signatures, ${quorum} are needed`)
  const chosen = sorted.slice(0, quorum)
  const out = new Uint8Array(32 + 64 * chosen.length)
  out.set(hexToBytes(bitmapOf(chosen.map(({ index }) => index))))
  chosen.forEach(({ signature }, i) => {
    out.set(compactSignature(signature), 32 + 64 * i)
  })
  return bytesToHex(out)
}
