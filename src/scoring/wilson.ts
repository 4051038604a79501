/** Decayed evidence and its lower confidence bound (docs/scoring.md 5). */
import { Z_SQUARED_Q32 } from './constants.ts'
import { mulDiv, mulShift48, sqrtOfProduct, TWO_48 } from './fixed.ts'

/**
 * Wilson's lower bound (E. B. Wilson, JASA 22 (1927), 209–212) of S/(S+F) at z² = 2.705543, in Q48.
 * @param success S in Q32, below 2^46
 * @param failure F in Q32, below 2^46
 * @returns 0 without evidence
 */
export function wilsonLowerQ48(success: number, failure: number): number {
  const total = success + failure
  if (total === 0) return 0
  const spread = mulDiv(success, failure, total)
  const root = sqrtOfProduct(Z_SQUARED_Q32, Z_SQUARED_Q32 + 4 * spread)
  return mulDiv(2 * success + Z_SQUARED_Q32 - root, TWO_48, 2 * (total + Z_SQUARED_Q32))
}

/** ⌊S · 2^48 / (S + F)⌋, 0 without evidence. */
export function meanQ48(success: number, failure: number): number {
  const total = success + failure
  return total === 0 ? 0 : mulDiv(success, TWO_48, total)
}

/** ρ in Q48: 1 while the fast mean keeps up with the slow one, their ratio when it falls behind. */
export function trendQ48(fast: number, slow: number): number {
  return fast >= slow ? TWO_48 : mulDiv(fast, TWO_48, slow)
}

/** A = L · ρ in Q48. */
export function discountedQ48(lower: number, trend: number): number {
  return mulShift48(lower, trend)
}
