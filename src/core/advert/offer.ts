/** Offers: a provider's signed terms on their way to the contract, gossiped so that any oracle registers the unit. */
import { CodecError, decodeCanonical, encodeCanonical, read } from '../canonical-cbor.ts'
import type { Digests } from '../eip712.ts'
import { bytesToHex, hexToBytes } from '../ids.ts'
import type { Signature, Signer } from '../ports/signer.ts'
import { UNIT_KINDS, type UnitTerms } from '../units.ts'
import { MAX_OFFER_BYTES, OFFER_VERSION } from './limits.ts'

export interface SignedOffer {
  terms: UnitTerms
  /** Unix seconds after which the contract refuses it. */
  deadline: number
  /** Of the provider's node key over the EIP-712 `DataUnit`. */
  signature: Signature
}

const SIGNATURE_BYTES = 65
const PRICE_BYTES = 16
const REGION_BYTES = 32
const UINT32_MAX = 2 ** 32 - 1
const UINT40_MAX = 2 ** 40 - 1

export function encodeOffer({ terms, deadline, signature }: SignedOffer): Uint8Array {
  return encodeCanonical([
    OFFER_VERSION,
    hexToBytes(terms.provider),
    terms.nonce,
    UNIT_KINDS.indexOf(terms.kind),
    terms.region,
    hexToBytes(terms.token),
    terms.capacityBytes,
    bigEndian(terms.pricePerGibEpoch),
    terms.egressBytesPerEpoch,
    terms.sla.availabilityPpm,
    terms.sla.ttfbP95Ms,
    terms.sla.downP10Kbps,
    terms.sla.upP10Kbps,
    deadline,
    signature,
  ])
}

/** @throws {CodecError} */
export function decodeOffer(bytes: Uint8Array): SignedOffer {
  const fields = read.tuple(decodeCanonical(bytes, MAX_OFFER_BYTES), 15)
  if (read.uint(fields[0]) !== OFFER_VERSION) throw new CodecError('wrong-shape', `offer version ${fields[0]}`)
  const terms: UnitTerms = {
    provider: bytesToHex(read.bytes(fields[1], 20)),
    nonce: read.uint64(fields[2]),
    kind: UNIT_KINDS[read.uint(fields[3], UNIT_KINDS.length - 1)]!,
    region: region(read.text(fields[4], REGION_BYTES)),
    token: bytesToHex(read.bytes(fields[5], 20)),
    capacityBytes: read.uint64(fields[6]),
    pricePerGibEpoch: BigInt(bytesToHex(read.bytes(fields[7], PRICE_BYTES))),
    egressBytesPerEpoch: read.uint64(fields[8]),
    sla: {
      availabilityPpm: read.uint(fields[9], UINT32_MAX),
      ttfbP95Ms: read.uint(fields[10], UINT32_MAX),
      downP10Kbps: read.uint(fields[11], UINT32_MAX),
      upP10Kbps: read.uint(fields[12], UINT32_MAX),
    },
  }
  return { terms, deadline: read.uint(fields[13], UINT40_MAX), signature: read.bytes(fields[14], SIGNATURE_BYTES) }
}

export async function signOffer(
  digests: Digests,
  signer: Signer,
  terms: UnitTerms,
  deadline: number,
): Promise<SignedOffer> {
  return { terms, deadline, signature: await signer.signDigest(digests.dataUnit(terms, deadline)) }
}

/** `uint128`; CBOR's integers end at 2^64. */
function bigEndian(value: bigint): Uint8Array {
  return hexToBytes(`0x${value.toString(16).padStart(2 * PRICE_BYTES, '0')}`)
}

/** The contract keeps 32 bytes, zero-padded: a region has no zero byte, or two texts would be one region. */
function region(text: string): string {
  if (new TextEncoder().encode(text).length > REGION_BYTES || text.includes('\0')) {
    throw new CodecError('wrong-shape', 'a region is at most 32 bytes of UTF-8 without zeros')
  }
  return text
}
