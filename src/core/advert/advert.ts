/**
 * Adverts: what a provider says about one of its units now, signed (EIP-712 `Advert`). While nothing changed only the
 * header is sent again, with a later sequence number and expiry: a heartbeat of some 180 bytes.
 */
import { CodecError, decodeCanonical, encodeCanonical, read } from '../canonical-cbor.ts'
import type { AdvertFields, Digests } from '../eip712.ts'
import { bytesToHex, hexToBytes, type UnitId } from '../ids.ts'
import type { Signature, Signer } from '../ports/signer.ts'
import { type AdvertBody, bodyHashOf, decodeBody, encodeBody } from './body.ts'
import { ADVERT_VERSION, MAX_ADVERT_BYTES, MAX_BODY_BYTES } from './limits.ts'

export interface SignedAdvert extends AdvertFields {
  signature: Signature
  /** `undefined` in a heartbeat: the body is the one of `bodyHash`, sent before. */
  body: AdvertBody | undefined
}

const SIGNATURE_BYTES = 65
const MAX_EXPIRY = 2 ** 40 - 1

export function encodeAdvert(advert: SignedAdvert): Uint8Array {
  return encodeCanonical([
    ADVERT_VERSION,
    hexToBytes(advert.unitId),
    advert.seq,
    advert.expiresAt,
    hexToBytes(advert.bodyHash),
    advert.body === undefined ? null : encodeBody(advert.body),
    advert.signature,
  ])
}

/** The body's hash is not compared with `bodyHash` here: that is rule A3. @throws {CodecError} */
export function decodeAdvert(bytes: Uint8Array): SignedAdvert {
  const [version, unitId, seq, expiresAt, bodyHash, body, signature] = read.tuple(
    decodeCanonical(bytes, MAX_ADVERT_BYTES),
    7,
  )
  if (read.uint(version) !== ADVERT_VERSION) throw new CodecError('wrong-shape', `advert version ${version}`)
  return {
    unitId: bytesToHex(read.bytes(unitId, 32)),
    seq: read.uint64(seq),
    expiresAt: read.uint(expiresAt, MAX_EXPIRY),
    bodyHash: bytesToHex(read.bytes(bodyHash, 32)),
    body: body === null ? undefined : decodeBody(read.bytesUpTo(body, MAX_BODY_BYTES)),
    signature: read.bytes(signature, SIGNATURE_BYTES),
  }
}

export interface AdvertDraft {
  unitId: UnitId
  /** Greater than that of any advert of the unit before; Unix milliseconds do. */
  seq: bigint
  /** Unix seconds. */
  expiresAt: number
  body: AdvertBody
}

export async function signAdvert(digests: Digests, signer: Signer, draft: AdvertDraft): Promise<SignedAdvert> {
  const bodyHash = bodyHashOf(encodeBody(draft.body))
  const fields = { unitId: draft.unitId, seq: draft.seq, expiresAt: draft.expiresAt, bodyHash }
  return { ...fields, body: draft.body, signature: await signer.signDigest(digests.advert(fields)) }
}

/** The same advert without its body, for those who have it. The signature covers the body's hash, so it stays valid. */
export function asHeartbeat(advert: SignedAdvert): SignedAdvert {
  return { ...advert, body: undefined }
}
