/**
 * The scoring a second time, slowly: written from docs/scoring.md and nothing else, in reals of 100 decimal digits (BigInt
 * scaled by 10^100) instead of fixed point, from whole histories instead of recurrences. Shares no line with src/scoring.
 */

/** A real number times 10^100. */
export type Real = bigint

export const ONE: Real = 10n ** 100n

export const real = (numerator: bigint | number, denominator: bigint | number = 1): Real =>
  (BigInt(numerator) * ONE) / BigInt(denominator)
export const mul = (a: Real, b: Real): Real => (a * b) / ONE
export const div = (a: Real, b: Real): Real => (a * ONE) / b
export const toNumber = (a: Real): number => Number(a / 10n ** 80n) / 1e20

export function sqrt(a: Real): Real {
  if (a <= 0n) return 0n
  const target = a * ONE
  let x = 1n << BigInt((target.toString(2).length >> 1) + 1)
  for (;;) {
    const next = (x + target / x) >> 1n
    if (next >= x) return x
    x = next
  }
}

/** 2·atanh((x − 1)/(x + 1)), which converges by a factor of nine a term for x in [1, 2]. */
function lnNear(x: Real): Real {
  const t = div(x - ONE, x + ONE)
  const square = mul(t, t)
  let power = t
  let sum = 0n
  for (let k = 1n; power !== 0n; k += 2n) {
    sum += power / k
    power = mul(power, square)
  }
  return 2n * sum
}

const LN2 = lnNear(2n * ONE)

export function log2(a: Real): Real {
  let x = a
  let whole = 0n
  while (x >= 2n * ONE) {
    x /= 2n
    whole++
  }
  while (x < ONE) {
    x *= 2n
    whole--
  }
  return whole * ONE + div(lnNear(x), LN2)
}

export function exp2(a: Real): Real {
  let whole = a / ONE
  if (whole * ONE > a) whole--
  const x = mul(a - whole * ONE, LN2)
  let term = ONE
  let sum = 0n
  for (let k = 1n; term !== 0n; k++) {
    sum += term
    term = mul(term, x) / k
  }
  return whole >= 0n ? sum << whole : sum >> -whole
}

const Z2 = real(2_705_543, 1_000_000)

/** 5.3 */
export function wilson(success: Real, failure: Real): Real {
  const n = success + failure
  if (n === 0n) return 0n
  const p = div(success, n)
  const centre = p + div(Z2, 2n * n)
  const spread = sqrt(mul(Z2, div(mul(p, ONE - p), n)) + div(mul(Z2, Z2), mul(4n * n, n)))
  return div(centre - spread, ONE + div(Z2, n))
}

export interface ReferenceDay {
  /** a in ppm. */
  ratePpm: number
  counted: number
}

/** 5.2 from the whole history: evidence a day old counts 2^(−1/halfLife). */
export function evidence(
  days: readonly ReferenceDay[],
  epochsPerDay: number,
  perDay: number,
  halfLife: number,
): { success: Real; failure: Real } {
  let success = 0n
  let failure = 0n
  days.forEach(({ ratePpm, counted }, i) => {
    const c = mul(real(perDay * counted, epochsPerDay), exp2(real(i + 1 - days.length, halfLife)))
    success += mul(c, real(ratePpm, 1_000_000))
    failure += mul(c, real(1_000_000 - ratePpm, 1_000_000))
  })
  return { success, failure }
}

const max = (a: Real, b: Real): Real => (a > b ? a : b)
const min = (a: Real, b: Real): Real => (a < b ? a : b)
const BOTTOM = real(2, 100)
const clamp = (u: Real): Real => min(ONE, max(BOTTOM, u))

/** 5.4 */
export function discounted(s: Real, f: Real, fastS: Real, fastF: Real): Real {
  if (s + f === 0n || s === 0n) return 0n
  const fast = fastS + fastF === 0n ? 0n : div(fastS, fastS + fastF)
  const slow = div(s, s + f)
  return mul(wilson(s, f), min(ONE, div(fast, slow)))
}

/** 6.1 g */
export function ratio(worse: number, better: number): Real {
  return clamp(ONE - log2(real(worse, better)) / 2n)
}

export interface ReferenceMetrics {
  slow: { success: Real; failure: Real }
  fast: { success: Real; failure: Real }
  challenges: { success: Real; failure: Real }
  recentLoss: boolean
  targetPpm: number
  /** [measured, term] pairs, undefined where the metric drops out. */
  latency?: readonly [number, number] | undefined
  download?: readonly [number, number] | undefined
  upload?: readonly [number, number] | undefined
  errorPpm?: number | undefined
  freshnessMs?: number | undefined
}

/** 6.1, 6.3: [weight, utility] of the metrics that count. */
function utilities(m: ReferenceMetrics): [bigint, Real][] {
  const out: [bigint, Real][] = []
  const { challenges } = m
  if (m.recentLoss) out.push([30n, BOTTOM])
  else if (challenges.success + challenges.failure > 0n) {
    const lower = wilson(challenges.success, challenges.failure)
    out.push([30n, clamp(div(lower - real(99, 100), real(95, 10_000)))])
  }
  const target = real(Math.min(1_000_000, Math.max(960_000, m.targetPpm)), 1_000_000)
  const a = discounted(m.slow.success, m.slow.failure, m.fast.success, m.fast.failure)
  out.push([30n, clamp(div(a - real(95, 100), target - real(95, 100)))])
  if (m.latency) out.push([15n, ratio(...m.latency)])
  const throughput = [m.download, m.upload]
    .filter((pair) => pair !== undefined)
    .map(([have, term]) => ratio(term, have))
  if (throughput.length > 0) out.push([10n, throughput.reduce(min)])
  if (m.errorPpm !== undefined && m.targetPpm > 0)
    out.push([10n, m.errorPpm === 0 ? ONE : ratio(m.errorPpm, Math.max(1_000_000 - m.targetPpm, 100))])
  if (m.freshnessMs) out.push([5n, ratio(m.freshnessMs, 5_000)])
  return out
}

/** The weighted geometric mean before it is floored to basis points. */
export function score(m: ReferenceMetrics): Real {
  const parts = utilities(m)
  const weight = parts.reduce((sum, [w]) => sum + w, 0n)
  const exponent = parts.reduce((sum, [w, u]) => sum + w * log2(u), 0n) / weight
  return exp2(exponent)
}

/** 3.2 */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length / 2
  if (sorted.length % 2 === 1) return sorted[Math.floor(half)]!
  return Math.floor((sorted[half - 1]! + sorted[half]!) / 2)
}
