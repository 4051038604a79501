/**
 * The node key's signatures: ECDSA over secp256k1 with recovery. libsecp256k1 through its native binding recovers an
 * address in some 0.1 ms, JavaScript in some 4 ms; where no binary fits the machine the package falls back to JavaScript.
 */
import secp256k1 from 'secp256k1'
import { LightmeshError } from '../errors.ts'
import { type Address, bytesToHex, hexToBytes, isHash32 } from '../ids.ts'
import { keccak256 } from '../keccak.ts'
import type { SignatureScheme, Signer } from '../ports/signer.ts'

export class KeyError extends LightmeshError<'invalid-private-key' | 'invalid-public-key' | 'invalid-digest'> {
  override readonly name = 'KeyError'
}

export const SIGNATURE_BYTES = 65

/** N/2 rounded down, big-endian: a canonical s is at most this. */
const HALF_ORDER = hexToBytes('0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0')

function isLowS(signature: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) {
    const difference = signature[32 + i]! - HALF_ORDER[i]!
    if (difference !== 0) return difference < 0
  }
  return true
}

/** Last 20 bytes of the keccak of the uncompressed point. @throws {KeyError} when it is not a point of the curve. */
export function addressOfPublicKey(publicKey: Uint8Array): Address {
  let point: Uint8Array
  try {
    point = secp256k1.publicKeyConvert(publicKey, false)
  } catch (cause) {
    throw new KeyError('invalid-public-key', 'not a secp256k1 public key of 33 or 65 bytes', { cause })
  }
  return bytesToHex(keccak256(point.subarray(1)).subarray(12))
}

/** Compressed, 33 bytes: what a libp2p PeerId of the same key carries. @throws {KeyError} on an invalid key. */
export function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  if (privateKey.length !== 32 || !secp256k1.privateKeyVerify(privateKey))
    throw new KeyError('invalid-private-key', 'a private key is 32 bytes, above 0 and below the order of the curve')
  return secp256k1.publicKeyCreate(privateKey, true)
}

/**
 * A signer that holds the key in memory. Nonces follow RFC 6979: the same digest gives the same bytes.
 * @param privateKey 32 bytes; copied.
 * @throws {KeyError} `invalid-private-key`.
 */
export function createSigner(privateKey: Uint8Array): Signer {
  const key = Uint8Array.from(privateKey)
  const address = addressOfPublicKey(publicKeyOf(key))
  return {
    address,
    async signDigest(digest) {
      if (!isHash32(digest)) throw new KeyError('invalid-digest', 'a digest is 32 bytes of lower-case hex')
      const { signature, recid } = secp256k1.ecdsaSign(hexToBytes(digest), key)
      const out = new Uint8Array(SIGNATURE_BYTES)
      out.set(signature)
      // A recovery id of 2 or 3 means r ≥ N, which happens once in 2^127 and has no form on the EVM.
      out[64] = 27 + (recid & 1)
      return out
    },
  }
}

/** Recovery for messages and attestations; refuses high s, so that a signature has one form only. */
export const secp256k1Scheme: SignatureScheme = {
  recover(digest, signature) {
    const v = signature[64]
    if (signature.length !== SIGNATURE_BYTES || (v !== 27 && v !== 28) || !isLowS(signature) || !isHash32(digest))
      return undefined
    try {
      const point = secp256k1.ecdsaRecover(signature.subarray(0, 64), v - 27, hexToBytes(digest), false)
      return bytesToHex(keccak256(point.subarray(1)).subarray(12))
    } catch {
      // r or s out of range, or no point with that x: not a signature, which is all the caller asks.
      return undefined
    }
  },
}
