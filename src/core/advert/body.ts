/** What an advert says beside its header: where the provider's node is, what it holds for probing, what is free. */
import { type CborValue, decodeCanonical, encodeCanonical, read } from '../canonical-cbor.ts'
import { type Address, bytesToHex, type Hash32, hexToBytes } from '../ids.ts'
import { keccak256Hex } from '../keccak.ts'
import { MAX_BODY_BYTES, MAX_MULTIADDR_CHARS, MAX_MULTIADDRS } from './limits.ts'

/** Bit i of the capability word. direct: presigned rights for the backend; served: the node's own S3 endpoint. */
export const CAPABILITIES = ['direct', 'served', 'read-probe', 'write-probe', 'function-probe'] as const
export type Capability = (typeof CAPABILITIES)[number]

export const AVAILABILITIES = ['serving', 'maintenance', 'leaving'] as const
export type Availability = (typeof AVAILABILITIES)[number]

/** Points at the signed object list that probers fetch from the provider. */
export interface ObjectListPointer {
  seq: bigint
  indexRoot: Hash32
}

export interface AdvertBody {
  /** Node key address of the node that serves the unit: who is asked for grants and object lists. */
  node: Address
  /** Where that node can be dialled, each without its peer id. */
  multiaddrs: readonly string[]
  objectList: ObjectListPointer | undefined
  /** A hint; the contract knows what is reserved. */
  freeBytes: bigint
  capabilities: readonly Capability[]
  availability: Availability
}

export function encodeBody(body: AdvertBody): Uint8Array {
  return encodeCanonical([
    hexToBytes(body.node),
    body.multiaddrs,
    body.objectList === undefined ? null : [body.objectList.seq, hexToBytes(body.objectList.indexRoot)],
    body.freeBytes,
    body.capabilities.reduce((word, each) => word | (1 << CAPABILITIES.indexOf(each)), 0),
    AVAILABILITIES.indexOf(body.availability),
  ])
}

/** @throws {CodecError} */
export function decodeBody(bytes: Uint8Array): AdvertBody {
  const [node, multiaddrs, list, freeBytes, capabilities, availability] = read.tuple(
    decodeCanonical(bytes, MAX_BODY_BYTES),
    6,
  )
  const word = read.uint(capabilities, (1 << CAPABILITIES.length) - 1)
  return {
    node: bytesToHex(read.bytes(node, 20)),
    multiaddrs: read.list(multiaddrs, MAX_MULTIADDRS).map((each) => read.text(each, MAX_MULTIADDR_CHARS)),
    objectList: decodePointer(list),
    freeBytes: read.uint64(freeBytes),
    capabilities: CAPABILITIES.filter((_, bit) => (word & (1 << bit)) !== 0),
    availability: AVAILABILITIES[read.uint(availability, AVAILABILITIES.length - 1)]!,
  }
}

function decodePointer(value: CborValue | undefined): ObjectListPointer | undefined {
  if (value === null) return undefined
  const [seq, indexRoot] = read.tuple(value, 2)
  return { seq: read.uint64(seq), indexRoot: bytesToHex(read.bytes(indexRoot, 32)) }
}

export function bodyHashOf(encodedBody: Uint8Array): Hash32 {
  return keccak256Hex(encodedBody)
}
