/** Branded identifiers. Hex strings are lower-case with `0x`, so that they compare and sort as their bytes do. */
import { hexToBytes as fromHex, bytesToHex as toHex } from '@noble/hashes/utils.js'

export type Hex = `0x${string}`
type Brand<T, B extends string> = T & { readonly __brand?: B }

/** 20 bytes: a node key's or contract's address. */
export type Address = Brand<Hex, 'Address'>
/** 32 bytes: any digest or root. */
export type Hash32 = Brand<Hex, 'Hash32'>
/** 32 bytes: `keccak256(abi.encode(provider, nonce))`. */
export type UnitId = Brand<Hex, 'UnitId'>
/** Epoch number, `uint40`. */
export type Epoch = Brand<number, 'Epoch'>
/** Position of a node in its oracle set, 0–30. */
export type NodeIndex = Brand<number, 'NodeIndex'>

export const ZERO_HASH: Hash32 = `0x${'00'.repeat(32)}` as Hex
export const ZERO_ADDRESS: Address = `0x${'00'.repeat(20)}` as Hex

export function bytesToHex(bytes: Uint8Array): Hex {
  return `0x${toHex(bytes)}`
}

/** @throws {Error} on anything but an even number of hex digits after `0x`. */
export function hexToBytes(hex: Hex): Uint8Array {
  return fromHex(hex.slice(2))
}

const ADDRESS = /^0x[0-9a-f]{40}$/
const HASH32 = /^0x[0-9a-f]{64}$/

export function isAddress(value: string): value is Address {
  return ADDRESS.test(value)
}

export function isHash32(value: string): value is Hash32 {
  return HASH32.test(value)
}
