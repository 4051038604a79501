/** Rows and logs as bytes in the key-value store: JSON, with bigints as `{"$n": "…"}`. Read back by this program only. */

export function encodeValue(value: unknown): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify(value, (_key, field: unknown) => (typeof field === 'bigint' ? { $n: String(field) } : field)),
  )
}

/** @throws {SyntaxError} when the bytes are no JSON. */
export function decodeValue(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes), (_key, field: unknown) =>
    typeof field === 'object' && field !== null && '$n' in field ? BigInt(String(field.$n)) : field,
  )
}
