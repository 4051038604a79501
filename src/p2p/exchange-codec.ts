/** Messages of the peer exchange (docs/mesh.md 4): which nodes are wanted, and signed peer records. */
import { decodeCanonical, encodeCanonical, read } from '../core/canonical-cbor.ts'
import { type Address, bytesToHex, hexToBytes } from '../core/ids.ts'

export const MAX_WANTED = 32
/** A record with some ten addresses has 300 bytes; libp2p's identify allows 8 KiB for everything it says. */
const MAX_RECORD_BYTES = 2_048
const PUBLIC_KEY_BYTES = 33

export interface ExchangedPeer {
  /** Compressed secp256k1; says whose record it is before the record's signature is paid for. */
  publicKey: Uint8Array
  /** libp2p's signed envelope of a peer record. */
  record: Uint8Array
}

export const MAX_EXCHANGE_REQUEST_BYTES = 16 + MAX_WANTED * 21

export function maxExchangeAnswerBytes(peers: number): number {
  return 16 + peers * (PUBLIC_KEY_BYTES + MAX_RECORD_BYTES + 8)
}

export function encodeExchangeRequest(wanted: readonly Address[]): Uint8Array {
  return encodeCanonical([wanted.slice(0, MAX_WANTED).map(hexToBytes)])
}

/** @throws {CodecError} */
export function decodeExchangeRequest(bytes: Uint8Array): Address[] {
  const [wanted] = read.tuple(decodeCanonical(bytes, MAX_EXCHANGE_REQUEST_BYTES), 1)
  return read.list(wanted, MAX_WANTED).map((address) => bytesToHex(read.bytes(address, 20)))
}

export function encodeExchangeAnswer(peers: readonly ExchangedPeer[]): Uint8Array {
  return encodeCanonical(
    peers.filter(({ record }) => record.length <= MAX_RECORD_BYTES).map(({ publicKey, record }) => [publicKey, record]),
  )
}

/** @throws {CodecError} */
export function decodeExchangeAnswer(bytes: Uint8Array, maxPeers: number): ExchangedPeer[] {
  return read.list(decodeCanonical(bytes, maxExchangeAnswerBytes(maxPeers)), maxPeers).map((entry) => {
    const [publicKey, record] = read.tuple(entry, 2)
    return { publicKey: read.bytes(publicKey, PUBLIC_KEY_BYTES), record: read.bytesUpTo(record, MAX_RECORD_BYTES) }
  })
}
