/** An entry as it lies in the store: the advert in its wire form and when it was heard. */
import { decodeAdvert, encodeAdvert } from '../advert/advert.ts'
import { MAX_ADVERT_BYTES } from '../advert/limits.ts'
import { CodecError, decodeCanonical, encodeCanonical, read } from '../canonical-cbor.ts'
import type { UnitId } from '../ids.ts'
import type { CatalogueEntry } from './catalogue.ts'

export const STORE_PREFIX = 'catalogue/unit/'
/** '0' follows '/' : the first key that does not begin with the prefix. */
export const STORE_PREFIX_END = 'catalogue/unit0'

export function storeKey(unitId: UnitId): string {
  return STORE_PREFIX + unitId
}

export function encodeStored(entry: CatalogueEntry): Uint8Array {
  return encodeCanonical([entry.heardAtMs, encodeAdvert(entry)])
}

/** `undefined` for bytes that another version or a damaged disk left. */
export function decodeStored(bytes: Uint8Array): CatalogueEntry | undefined {
  try {
    const [heardAtMs, advert] = read.tuple(decodeCanonical(bytes, MAX_ADVERT_BYTES + 16), 2)
    return { ...decodeAdvert(read.bytesUpTo(advert, MAX_ADVERT_BYTES)), heardAtMs: read.uint(heardAtMs) }
  } catch (error) {
    if (error instanceof CodecError) return undefined
    throw error
  }
}
