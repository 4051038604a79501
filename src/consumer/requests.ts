/** Requests by their names, on disk: the same name again, also after a restart, leads to the same reservation. */
import { CodecError, decodeCanonical, encodeCanonical, read } from '../core/canonical-cbor.ts'
import { bytesToHex, hexToBytes } from '../core/ids.ts'
import type { KeyValueStore } from '../core/ports/key-value-store.ts'
import type { ReserveTerms } from '../core/ports/market.ts'
import { ConsumerError } from './errors.ts'

const MAX_RECORD_BYTES = 1 << 10
const MAX_REQUEST_ID_LENGTH = 128

export interface RequestBook {
  /**
   * Writes the terms down, or finds what was written before. @returns the reservation's id if there is one already.
   * @throws {ConsumerError} `request-mismatch` when the name stands for other terms.
   */
  open(requestId: string, terms: ReserveTerms): Promise<bigint | undefined>
  close(requestId: string, terms: ReserveTerms, id: bigint): Promise<void>
}

export function createRequestBook(store: KeyValueStore): RequestBook {
  const write = (requestId: string, terms: ReserveTerms, id: bigint | undefined) =>
    store.batch([{ type: 'put', key: keyOf(requestId), value: encode(terms, id) }], { sync: true })
  return {
    async open(requestId, terms) {
      const bytes = await store.get(keyOf(requestId))
      if (!bytes) {
        await write(requestId, terms, undefined)
        return undefined
      }
      const before = decode(bytes)
      if (!sameTerms(before.terms, terms))
        throw new ConsumerError('request-mismatch', `request ${requestId} was made before with other terms`)
      return before.id
    },
    close: write,
  }
}

function keyOf(requestId: string): string {
  if (requestId.length === 0 || requestId.length > MAX_REQUEST_ID_LENGTH)
    throw new ConsumerError('invalid-value', `a request id has 1 to ${MAX_REQUEST_ID_LENGTH} characters`)
  return `consumer/request/${requestId}`
}

function sameTerms(a: ReserveTerms, b: ReserveTerms): boolean {
  return a.unitId === b.unitId && a.capacityBytes === b.capacityBytes && a.epochs === b.epochs
}

/** Prices are 128 bits: kept as decimal text. Id 0 is no reservation. */
function encode(terms: ReserveTerms, id: bigint | undefined): Uint8Array {
  const price = terms.maxPricePerGibEpoch.toString()
  return encodeCanonical([hexToBytes(terms.unitId), terms.capacityBytes, terms.epochs, price, id ?? 0n])
}

function decode(bytes: Uint8Array): { terms: ReserveTerms; id: bigint | undefined } {
  const [unitId, capacity, epochs, price, id] = read.tuple(decodeCanonical(bytes, MAX_RECORD_BYTES), 5)
  const text = read.text(price, 40)
  if (!/^[0-9]+$/.test(text)) throw new CodecError('wrong-shape', 'price is not a decimal number')
  const reservation = read.uint64(id)
  return {
    terms: {
      unitId: bytesToHex(read.bytes(unitId, 32)),
      capacityBytes: read.uint64(capacity),
      epochs: read.uint(epochs),
      maxPricePerGibEpoch: BigInt(text),
    },
    id: reservation === 0n ? undefined : reservation,
  }
}
