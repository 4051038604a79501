/** Every number of the scoring, with where it comes from; docs/scoring.md derives them at length. */
import type { Q64 } from './fixed.ts'

/** The whole, in basis points. */
export const FULL_BPS = 10_000
export const PPM = 1_000_000

/** Largest `epochsPerDay` that the counters' 16 bits and the sums' 53 bits are laid out for: one a minute. */
export const MAX_EPOCHS_PER_DAY = 1_440

/** Usable reports without which nothing is decided, unless n − f − 1 is less. */
export const MIN_USABLE_REPORTS = 7

/** Availability below its target by more than `shortfallPpm` costs `creditBps`; the largest applies. */
export const AVAILABILITY_TIERS = [
  { shortfallPpm: 50_000, creditBps: 10_000 },
  { shortfallPpm: 9_000, creditBps: 2_500 },
  { shortfallPpm: 0, creditBps: 1_000 },
] as const
/** Latency or throughput worse than the term, and worse than twice the term. */
export const WORSE_CREDIT_BPS = 1_000
export const TWICE_WORSE_CREDIT_BPS = 2_500

/** 2^(−1/30) and 2^(−1/2): half-lives of 30 days and of 2. */
export const DECAY_30_DAYS: Q64 = { high: 4_196_870_107, low: 1_655_618_422 }
export const DECAY_2_DAYS: Q64 = { high: 3_037_000_499, low: 4_192_101_508 }

/**
 * Sums of evidence are not decayed below this (Q32): a mean of less would be made of floors, and of none at all after three
 * months without a report. 2^−12 evidence units weigh nothing against the 0.05 of a single epoch.
 */
export const EVIDENCE_KEPT_Q32 = 1_048_576

/** Evidence of a full day: half of its 144 epochs, because neighbouring epochs fail together … */
export const AVAILABILITY_EVIDENCE = 72
/** … but each integrity challenge picks another leaf of another object. */
export const INTEGRITY_EVIDENCE = 144

/** z² = 1.644854² (one-sided 95 %) in Q32: ⌊2.705543 · 2^32⌋. */
export const Z_SQUARED_Q32 = 11_620_218_702

/** Bottom of a utility in Q32, ⌊0.02 · 2^32⌋: a geometric mean with a zero would forget everything else. */
export const UTILITY_MIN_Q32 = 85_899_345
/** Availability scores from 95 % up to the target, which counts as 96 % at least: the span must not vanish. */
export const AVAILABILITY_FLOOR_PPM = 950_000
export const AVAILABILITY_TARGET_MIN_PPM = 960_000
/** ⌊0.95 · 2^48⌋ */
export const AVAILABILITY_FLOOR_Q48 = 267_401_227_875_123
/** Integrity scores from 99 % over a span of 0.95 points: 99.95 % is what a perfect month reaches. */
export const INTEGRITY_FLOOR_Q48 = 278_660_226_943_549
export const INTEGRITY_SPAN_Q48 = 2_674_012_278_751
/** Days for which a confirmed loss keeps integrity at the bottom. */
export const LOSS_DAYS = 30
/** Errors of writes are held against 1 − availability target, and against one in 10 000 at the strictest. */
export const ERROR_TERM_MIN_PPM = 100
/** Acknowledged writes are to be readable everywhere within this; no term of a unit says otherwise. */
export const FRESHNESS_TERM_MS = 5_000

/** Weights of the geometric mean, in hundredths. */
export const WEIGHTS = {
  integrity: 30,
  availability: 30,
  latency: 15,
  throughput: 10,
  errors: 10,
  freshness: 5,
} as const

/** Reference points of the histograms where a unit promises nothing. */
export const TTFB_REFERENCE_MS = 250
export const THROUGHPUT_REFERENCE_KBPS = 8_000
/** Edges of the latency bins as multiples of the term, Q16: half-octaves 2^((k − 8) / 2), k = 0 … 14. */
export const TTFB_EDGES_Q16 = [
  4_096, 5_792, 8_192, 11_585, 16_384, 23_170, 32_768, 46_340, 65_536, 92_681, 131_072, 185_363, 262_144, 370_727,
  524_288,
] as const
/** Edges of the throughput bins: the score looks between a quarter of the term and the term. */
export const THROUGHPUT_EDGES_Q16 = [16_384, 23_170, 32_768, 46_340, 65_536, 131_072, 262_144] as const
/** Edges of the read-after-write bins. */
export const FRESHNESS_EDGES_Q16 = [32_768, 46_340, 65_536, 92_681, 131_072, 185_363, 262_144] as const

/** Maintenance that is excluded from judgement, in sixtieths of an epoch: half a day to begin with, … */
export const MAINTENANCE_COST = 60
/** … a sixtieth of a day more each day. Epochs beyond are judged like any other. */
export const MAINTENANCE_BUDGET_DAYS = 30
