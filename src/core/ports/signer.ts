/** The node key and the check of other nodes' signatures. A KMS can stand behind it; a keyed-hash twin does in the simulation. */
import type { Address, Hash32 } from '../ids.ts'

/** 65 bytes: r ‖ s ‖ v with v ∈ {27, 28} and a low s (canonical: any other form of the same signature is refused). */
export type Signature = Uint8Array

export interface Signer {
  readonly address: Address
  signDigest(digest: Hash32): Promise<Signature>
}

export interface SignatureScheme {
  /** The address that signed the digest; `undefined` for anything that is not a canonical signature. */
  recover(digest: Hash32, signature: Signature): Address | undefined
}
