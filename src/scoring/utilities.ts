/** Each metric's utility in [0.02, 1], Q32 (docs/scoring.md 6.1). */
import {
  AVAILABILITY_FLOOR_PPM,
  AVAILABILITY_FLOOR_Q48,
  AVAILABILITY_TARGET_MIN_PPM,
  INTEGRITY_FLOOR_Q48,
  INTEGRITY_SPAN_Q48,
  PPM,
  UTILITY_MIN_Q32,
} from './constants.ts'
import { mulDiv, TWO_32, TWO_48 } from './fixed.ts'
import { log2Q32 } from './log2.ts'

function clamp(utility: number): number {
  return utility < UTILITY_MIN_Q32 ? UTILITY_MIN_Q32 : Math.min(utility, TWO_32)
}

/** Linear from `floor` (0) over `span` (1), all Q48. */
function linear(value: number, floor: number, span: number): number {
  if (value <= floor) return UTILITY_MIN_Q32
  if (value >= floor + span) return TWO_32
  return clamp(mulDiv(value - floor, TWO_32, span))
}

/** @param discounted A in Q48 */
export function availabilityUtility(discounted: number, targetPpm: number): number {
  const target = Math.min(Math.max(targetPpm, AVAILABILITY_TARGET_MIN_PPM), PPM)
  return linear(discounted, AVAILABILITY_FLOOR_Q48, mulDiv(target - AVAILABILITY_FLOOR_PPM, TWO_48, PPM))
}

/** @param lower Wilson bound of the challenges in Q48 */
export function integrityUtility(lower: number): number {
  return linear(lower, INTEGRITY_FLOOR_Q48, INTEGRITY_SPAN_Q48)
}

/**
 * 1 − log2(worse / better) / 2: 1 at the term, 1/2 at twice as bad, the bottom from four times on. Latency and rates pass
 * (measured, term), throughput (term, measured).
 */
export function ratioUtility(worse: number, better: number): number {
  if (worse <= better) return TWO_32
  if (worse >= 4 * better) return UTILITY_MIN_Q32
  const ratioQ30 = mulDiv(worse, 1_073_741_824, better)
  return clamp(TWO_32 - Math.floor((log2Q32(ratioQ30) - 30 * TWO_32) / 2))
}
