/** Field readers that the messages share. */
import { type CborValue, CodecError, decodeCanonical, read } from '../../core/canonical-cbor.ts'
import type { IndexedHash } from '../../core/hash-list.ts'
import { bytesToHex, type Hash32, hexToBytes } from '../../core/ids.ts'
import type { Signature } from '../../core/ports/signer.ts'
import { MAX_ORACLES } from '../../core/quorum.ts'

/** The format's version, first field of every message. */
export const MESSAGE_VERSION = 1
/** Largest legal message is a reveal header with 31 `seen` entries of 37 bytes: 1.4 KiB. */
export const MAX_MESSAGE_BYTES = 2048
/** `uint40`. */
export const MAX_EPOCH = 2 ** 40 - 1

/** The fields after the version. @throws {CodecError} */
export function decodeFields(bytes: Uint8Array, count: number): readonly CborValue[] {
  const fields = read.tuple(decodeCanonical(bytes, MAX_MESSAGE_BYTES), count + 1)
  if (fields[0] !== MESSAGE_VERSION) throw new CodecError('wrong-shape', 'unknown message version')
  return fields.slice(1)
}

export const hashField = (value: CborValue | undefined): Hash32 => bytesToHex(read.bytes(value, 32))
export const indexField = (value: CborValue | undefined) => read.uint(value, MAX_ORACLES - 1)
export const signatureField = (value: CborValue | undefined): Signature => read.bytes(value, 65)

export function encodeHashList(list: readonly IndexedHash[]): CborValue[] {
  return list.map(({ index, hash }) => [index, hexToBytes(hash)])
}

/** Strictly ascending by index. @throws {CodecError} */
export function hashListField(value: CborValue | undefined): IndexedHash[] {
  let previous = -1
  return read.list(value, MAX_ORACLES).map((entry) => {
    const fields = read.tuple(entry, 2)
    const index = indexField(fields[0])
    if (index <= previous) throw new CodecError('wrong-shape', 'indexes not ascending')
    previous = index
    return { index, hash: hashField(fields[1]) }
  })
}
