/**
 * Rows and logs as bytes in the key-value store: JSON, with bigints as `{"$n": "…"}` and fields that are undefined as
 * `{"$u": 1}`, so that a row reads back equal to what was written. Read by this program only.
 */

export function encodeValue(value: unknown): Uint8Array {
  const text = JSON.stringify(value, (_key, field: unknown) => {
    if (typeof field === 'bigint') return { $n: String(field) }
    return field === undefined ? { $u: 1 } : field
  })
  return new TextEncoder().encode(text)
}

/** @throws {SyntaxError} when the bytes are no JSON. */
export function decodeValue(bytes: Uint8Array): unknown {
  return revive(JSON.parse(new TextDecoder().decode(bytes)))
}

/** By hand: a reviver that returns undefined removes the field. */
function revive(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(revive)
  if ('$n' in value) return BigInt(String(value.$n))
  if ('$u' in value) return undefined
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, revive(field)]))
}
