/**
 * The wire encoding: CBOR, of which exactly one form of each value is accepted. Messages are arrays and scalars only (no
 * maps, floats, tags or text unless a field says so); what decodes but would be encoded differently is refused.
 */
import { decode, encode } from 'cborg'
import { LightmeshError } from './errors.ts'

export type CborValue = number | bigint | string | boolean | null | Uint8Array | readonly CborValue[]

export class CodecError extends LightmeshError<'too-long' | 'malformed' | 'not-canonical' | 'wrong-shape'> {
  override readonly name = 'CodecError'
}

export function encodeCanonical(value: CborValue): Uint8Array {
  return encode(value, { float64: false })
}

/** @throws {CodecError} when longer than `maxBytes`, not CBOR, or not in its one canonical form. */
export function decodeCanonical(bytes: Uint8Array, maxBytes: number): CborValue {
  if (bytes.length > maxBytes) throw new CodecError('too-long', `message of ${bytes.length} bytes, ${maxBytes} allowed`)
  let value: CborValue
  try {
    value = decode(bytes, {
      allowIndefinite: false,
      allowUndefined: false,
      allowNaN: false,
      allowInfinity: false,
      strict: true,
    })
  } catch (cause) {
    throw new CodecError('malformed', 'not a CBOR message', { cause })
  }
  const again = encodeCanonical(value)
  if (again.length !== bytes.length || !again.every((b, i) => b === bytes[i])) {
    throw new CodecError('not-canonical', 'the message has a shorter or differently ordered form')
  }
  return value
}

function wrong(what: string): never {
  throw new CodecError('wrong-shape', `expected ${what}`)
}

/** Readers for the fields of a decoded message; each throws {CodecError} `wrong-shape`. */
export const read = {
  /** An array of exactly `length` fields. */
  tuple(value: CborValue | undefined, length: number): readonly CborValue[] {
    return Array.isArray(value) && value.length === length ? value : wrong(`${length} fields`)
  },
  list(value: CborValue | undefined, maxLength: number): readonly CborValue[] {
    return Array.isArray(value) && value.length <= maxLength ? value : wrong(`a list of at most ${maxLength}`)
  },
  /** An integer from 0 to `max`, at most 2^53 − 1. */
  uint(value: CborValue | undefined, max: number = Number.MAX_SAFE_INTEGER): number {
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max
      ? value
      : wrong(`an integer ≤ ${max}`)
  },
  /** An integer from 0 to 2^64 − 1, as a bigint. */
  uint64(value: CborValue | undefined): bigint {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
    return typeof value === 'bigint' && value >= 0n && value < 1n << 64n ? value : wrong('an integer < 2^64')
  },
  bytes(value: CborValue | undefined, length: number): Uint8Array {
    return value instanceof Uint8Array && value.length === length ? value : wrong(`${length} bytes`)
  },
  bytesUpTo(value: CborValue | undefined, maxLength: number): Uint8Array {
    return value instanceof Uint8Array && value.length <= maxLength ? value : wrong(`at most ${maxLength} bytes`)
  },
  text(value: CborValue | undefined, maxLength: number): string {
    return typeof value === 'string' && value.length <= maxLength
      ? value
      : wrong(`text of at most ${maxLength} characters`)
  },
}
