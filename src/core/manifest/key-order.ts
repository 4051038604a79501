/** Order of object keys: by their UTF-8 bytes, as S3 lists them. UTF-16's own order differs beyond U+FFFF. */
export function keyOrder(a: string, b: string): number {
  const [x, y] = [new TextEncoder().encode(a), new TextEncoder().encode(b)]
  for (let i = 0; i < x.length && i < y.length; i++) if (x[i] !== y[i]) return x[i]! - y[i]!
  return x.length - y.length
}
