/**
 * Exact integer arithmetic on doubles. Operands are integers below 2^52, products are carried in two 52-bit limbs;
 * nothing is ever rounded but by the floor that a formula names. BigInt would do the same some ten times slower.
 */

export const TWO_16 = 65_536
export const TWO_32 = 4_294_967_296
export const TWO_48 = 281_474_976_710_656
const TWO_26 = 67_108_864
const TWO_52 = 4_503_599_627_370_496

/** Two limbs of the last product: `hi · 2^52 + lo`. Module state, so that the hot path allocates nothing. */
let hi = 0
let lo = 0

/** Leaves a · b in `hi` and `lo`; a, b < 2^52. */
function multiply(a: number, b: number): void {
  const a1 = Math.floor(a / TWO_26)
  const a0 = a - a1 * TWO_26
  const b1 = Math.floor(b / TWO_26)
  const b0 = b - b1 * TWO_26
  const mid = a1 * b0 + a0 * b1
  const midHigh = Math.floor(mid / TWO_26)
  lo = a0 * b0 + (mid - midHigh * TWO_26) * TWO_26
  hi = a1 * b1 + midHigh
  if (lo >= TWO_52) {
    lo -= TWO_52
    hi += 1
  }
}

/**
 * ⌊a · b / c⌋ for a, b < 2^52 and 0 < c < 2^52, where the quotient is below 2^53. Long division, as many bits at a time
 * as keep the remainder below 2^53.
 */
export function mulDiv(a: number, b: number, c: number): number {
  const small = a * b
  if (small < 2 * TWO_52) return Math.floor(small / c)
  multiply(a, b)
  let quotient = Math.floor(hi / c)
  let rest = hi - quotient * c
  let low = lo
  let step = 1
  while (step < 26 && c * 2 ** (step + 1) <= 2 * TWO_52) step++
  for (let left = 52; left > 0; ) {
    const bits = Math.min(step, left)
    const radix = 2 ** bits
    left -= bits
    const unit = 2 ** left
    const digits = Math.floor(low / unit)
    low -= digits * unit
    const next = rest * radix + digits
    const q = Math.floor(next / c)
    quotient = quotient * radix + q
    rest = next - q * c
  }
  return quotient
}

/** ⌊a · b / 2^48⌋ for a, b < 2^52 with a · b < 2^101. */
export function mulShift48(a: number, b: number): number {
  multiply(a, b)
  return hi * 16 + Math.floor(lo / TWO_48)
}

/** A multiplier below 1 as two halves of its 64 fraction bits. */
export interface Q64 {
  high: number
  low: number
}

/** ⌊x · d / 2^64⌋ for x < 2^52. */
export function scaleQ64(x: number, d: Q64): number {
  multiply(x, d.low)
  const carried = hi * (TWO_52 / TWO_32) + Math.floor(lo / TWO_32)
  multiply(x, d.high)
  lo += carried
  if (lo >= TWO_52) {
    lo -= TWO_52
    hi += 1
  }
  return hi * (TWO_52 / TWO_32) + Math.floor(lo / TWO_32)
}

/** Whether r² ≤ xHi · 2^52 + xLo, for r < 2^52. */
function squareFits(r: number, xHi: number, xLo: number): boolean {
  multiply(r, r)
  return hi < xHi || (hi === xHi && lo <= xLo)
}

/** ⌊√(a · b)⌋ for a, b < 2^52: a double's root, put right by at most a few units against the exact square. */
export function sqrtOfProduct(a: number, b: number): number {
  multiply(a, b)
  const xHi = hi
  const xLo = lo
  let root = Math.floor(Math.sqrt(xHi * TWO_52 + xLo))
  while (!squareFits(root, xHi, xLo)) root--
  while (squareFits(root + 1, xHi, xLo)) root++
  return root
}
