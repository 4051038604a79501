/** Decayed evidence and its lower confidence bound (docs/scoring.md 5). */
import { EVIDENCE_KEPT_Q32, Z_SQUARED_Q32 } from './constants.ts'
import { mulDiv, mulShift48, type Q64, scaleQ64, sqrtOfProduct, TWO_48 } from './fixed.ts'

/** Successes and failures, Q32. */
export interface Evidence {
  success: number
  failure: number
}

/**
 * A day later: decayed by `decay`, plus `gained` of which `success` are successes. Success and sum are floored and failure is
 * what is left, so that the sum depends on how much was measured alone and not on what was found.
 */
export function nextEvidence(before: Evidence, decay: Q64, gained: number, success: number): Evidence {
  const total = before.success + before.failure
  if (total <= EVIDENCE_KEPT_Q32)
    return { success: before.success + success, failure: before.failure + gained - success }
  const kept = scaleQ64(before.success, decay)
  return { success: kept + success, failure: scaleQ64(total, decay) - kept + gained - success }
}

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
