/** Every key and secret of a run, derived from its seed: the same seed gives the same network. For development only. */
import { createHmac } from 'node:crypto'
import { createSigner } from '../src/core/crypto/secp256k1.ts'
import { type Address, bytesToHex, type Hex } from '../src/core/ids.ts'

export interface KeyPair {
  privateKey: Uint8Array
  hex: Hex
  address: Address
}

/** 32 bytes for a purpose. */
export function deriveBytes(seed: string, purpose: string): Uint8Array {
  return new Uint8Array(createHmac('sha256', seed).update(`lightmesh devnet: ${purpose}`).digest())
}

/** Hex digits of it, 64 at the most. */
export function deriveSecret(seed: string, purpose: string, length = 64): string {
  return Buffer.from(deriveBytes(seed, purpose)).toString('hex').slice(0, length)
}

/** A key is out of the curve's range once in 2^127: no run will ever see that. */
export function deriveKey(seed: string, purpose: string): KeyPair {
  const privateKey = deriveBytes(seed, purpose)
  return { privateKey, hex: bytesToHex(privateKey), address: createSigner(privateKey).address }
}

export interface NodeKeys {
  node: KeyPair
  operator: KeyPair
  passphrase: string
  /** Of the oracle's hash chain. */
  oracleSeed: Uint8Array
}

export function nodeKeys(seed: string, index: number): NodeKeys {
  return {
    node: deriveKey(seed, `node ${index}`),
    operator: deriveKey(seed, `operator ${index}`),
    passphrase: deriveSecret(seed, `passphrase ${index}`, 32),
    oracleSeed: deriveBytes(seed, `oracle seed ${index}`),
  }
}
