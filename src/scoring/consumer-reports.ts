/** What consumers say moves a score by a tenth at most, and one consumer's word by a twentieth of that. */
import { FULL_BPS } from './constants.ts'

/** All consumers together: ±10 % of the score. */
export const CONSUMER_SHARE_BPS = 1_000
/** One consumer's weight: at most 5 % of the fees, so ±0.5 % of the score however much it pays. */
const CONSUMER_CAP_DIVISOR = 20n

export interface ConsumerReport {
  /** Fees that the consumer paid for the unit, in the token's smallest unit. */
  feesPaid: bigint
  /** −10 000 (useless) … 10 000 (flawless), 0 as measured. */
  ratingBps: number
}

/**
 * ⌊Σ wᵢ·ratingᵢ / Σ feesᵢ⌋ of ±10 %, with wᵢ = min(feesᵢ, ⌊Σ fees / 20⌋). The divisor is what was paid and not what was
 * weighed: with three consumers the greater part of the tenth stays unused instead of falling to them.
 * @param reports one a consumer
 * @returns −1 000 … 1 000
 */
export function consumerAdjustmentBps(reports: readonly ConsumerReport[]): number {
  let total = 0n
  for (const { feesPaid } of reports) total += feesPaid
  if (total <= 0n) return 0
  const cap = total / CONSUMER_CAP_DIVISOR
  let sum = 0n
  for (const { feesPaid, ratingBps } of reports) {
    const rating = BigInt(Math.max(-FULL_BPS, Math.min(FULL_BPS, Math.trunc(ratingBps))))
    sum += (feesPaid < cap ? feesPaid : cap) * rating
  }
  const scaled = sum * BigInt(CONSUMER_SHARE_BPS)
  const divisor = total * BigInt(FULL_BPS)
  const quotient = scaled / divisor
  return Number(scaled < 0n && scaled % divisor !== 0n ? quotient - 1n : quotient)
}
