/** Keyed-hash twin of secp256k1: r = keccak(secret ‖ digest), s = the address. Nobody but the key's holder can make one. */
import { createSigner, secp256k1Scheme } from '../../../src/core/crypto/secp256k1.ts'
import { type Address, bytesToHex, type Hash32, hexToBytes } from '../../../src/core/ids.ts'
import { keccak256 } from '../../../src/core/keccak.ts'
import type { Signature, SignatureScheme, Signer } from '../../../src/core/ports/signer.ts'

function tag(secret: Uint8Array, digest: Hash32): Uint8Array {
  const preimage = new Uint8Array(64)
  preimage.set(secret)
  preimage.set(hexToBytes(digest), 32)
  return keccak256(preimage)
}

/** A scheme that also makes signers. */
export interface Keys extends SignatureScheme {
  /** @param secret 32 bytes. */
  signer(secret: Uint8Array): Signer
}

export const realKeys: Keys = { signer: createSigner, recover: secp256k1Scheme.recover }

export class KeyedSignatures implements Keys {
  readonly #secrets = new Map<Address, Uint8Array>()

  signer(secret: Uint8Array): Signer {
    const address = bytesToHex(keccak256(secret).slice(12))
    this.#secrets.set(address, secret)
    return {
      address,
      signDigest: async (digest) => {
        const signature = new Uint8Array(65)
        signature.set(tag(secret, digest))
        signature.set(hexToBytes(address), 44)
        signature[64] = 27
        return signature
      },
    }
  }

  recover(digest: Hash32, signature: Signature): Address | undefined {
    if (signature.length !== 65 || signature[64] !== 27) return undefined
    const address = bytesToHex(signature.subarray(44, 64))
    const secret = this.#secrets.get(address)
    if (!secret) return undefined
    const expected = tag(secret, digest)
    for (let i = 0; i < 32; i++) if (expected[i] !== signature[i]) return undefined
    return address
  }
}
