/** Request protocols of the oracle engine: names, limits, and the bodies of the short ones. */
import { decodeCanonical, encodeCanonical, read } from '../../core/canonical-cbor.ts'
import type { Domain } from '../../core/eip712.ts'
import { bytesToHex, type Epoch, type Hash32, hexToBytes } from '../../core/ids.ts'
import { networkName } from '../../core/network.ts'
import { MAX_EPOCH } from '../messages/fields.ts'

export type OracleProtocol = 'round' | 'reveal' | 'batch' | 'bundle' | 'snapshot' | 'proof'

export function protocolName(domain: Domain, protocol: OracleProtocol): string {
  return networkName(domain, protocol)
}

/** The longest body is a round query: some 40 bytes. */
export const MAX_REQUEST_BYTES = 128

/** Body of `reveal` and `batch`: an epoch and the hash of what is wanted; of `snapshot` with an offset. */
export interface HashRequest {
  epoch: Epoch
  hash: Hash32
  /** First byte wanted. */
  offset: number
}

export function encodeHashRequest(epoch: Epoch, hash: Hash32, offset = 0): Uint8Array {
  return encodeCanonical([epoch, hexToBytes(hash), offset])
}

/** @throws {CodecError} */
export function decodeHashRequest(bytes: Uint8Array): HashRequest {
  const [epoch, hash, offset] = read.tuple(decodeCanonical(bytes, MAX_REQUEST_BYTES), 3)
  return { epoch: read.uint(epoch, MAX_EPOCH), hash: bytesToHex(read.bytes(hash, 32)), offset: read.uint(offset) }
}
