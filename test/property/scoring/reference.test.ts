/** The fixed point against the reference; the bounds are those that docs/scoring.md 11 states. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DECAY_2_DAYS, DECAY_30_DAYS } from '../../../src/scoring/constants.ts'
import { evidenceQ32 } from '../../../src/scoring/day-close.ts'
import { mulDiv, TWO_48 } from '../../../src/scoring/fixed.ts'
import { exp2NegQ48, log2Q32 } from '../../../src/scoring/log2.ts'
import { createScoreBreakdown, createScoreInputs, scoreUnit } from '../../../src/scoring/score.ts'
import { ratioUtility } from '../../../src/scoring/utilities.ts'
import { meanQ48, nextEvidence, trendQ48, wilsonLowerQ48 } from '../../../src/scoring/wilson.ts'
import * as reference from './reference.ts'
import { evidence, ONE, type Real, type ReferenceDay, real } from './reference.ts'

const Q32 = 2n ** 32n
const Q48 = 2n ** 48n
const fromQ = (value: number, one: bigint): Real => (BigInt(value) * ONE) / one
const distance = (a: Real, b: Real): number => Math.abs(reference.toNumber(a - b))

const BOUNDS = {
  log2: 2.4e-9,
  exp2: 1.3e-13,
  wilson: 2e-10,
  evidence: 3.1e-8,
  ratio: 2.5e-9,
  score: 1e-8,
  trend: 2e-5,
}

function within(name: keyof typeof BOUNDS, got: Real, want: Real): void {
  const error = distance(got, want)
  assert.ok(error <= BOUNDS[name], `${name}: ${error} > ${BOUNDS[name]}`)
}

const evidenceUnit = fc.integer({ min: 0, max: 2 ** 44 })
const day = fc.record({
  ratePpm: fc.oneof(fc.integer({ min: 0, max: 1_000_000 }), fc.integer({ min: 990_000, max: 1_000_000 })),
  counted: fc.oneof(fc.constant(144), fc.integer({ min: 0, max: 144 })),
})

/** The evidence after some days, by the code. */
function recur(days: readonly ReferenceDay[], decay: typeof DECAY_30_DAYS, perDay: number) {
  let evidence = { success: 0, failure: 0 }
  for (const { ratePpm, counted } of days) {
    const c = evidenceQ32(perDay, counted, 144)
    evidence = nextEvidence(evidence, decay, c, mulDiv(c, ratePpm, 1_000_000))
  }
  return [evidence.success, evidence.failure] as const
}

describe('fixed point against the high-precision reference', () => {
  it('default: log2 over its whole domain', () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: 1, max: 2 ** 32 }), fc.maxSafeInteger()), (x) => {
        const value = Math.max(1, Math.abs(x))
        within('log2', fromQ(log2Q32(value), Q32), reference.log2(real(value)))
      }),
      { numRuns: 2_000 },
    )
  })

  it('default: the power over its whole domain', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 47 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }), (whole, fraction) => {
        const x = whole * 2 ** 32 + fraction
        within('exp2', fromQ(exp2NegQ48(x), Q48), reference.exp2(-fromQ(x, Q32)))
      }),
      { numRuns: 2_000 },
    )
  })

  it("default: Wilson's bound from no evidence to more than a month's", () => {
    fc.assert(
      fc.property(evidenceUnit, evidenceUnit, fc.integer({ min: 0, max: 44 }), (s, f, shift) => {
        const [success, failure] = [s, Math.floor(f / 2 ** shift)]
        const want = reference.wilson(fromQ(success, Q32), fromQ(failure, Q32))
        within('wilson', fromQ(wilsonLowerQ48(success, failure), Q48), want)
      }),
      { numRuns: 3_000 },
    )
  })

  it('default: latency, throughput and error utilities', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 - 1 }), fc.double({ min: 0.2, max: 5, noNaN: true }), (term, k) => {
        const value = Math.min(2 ** 32 - 1, Math.max(1, Math.round(term * k)))
        within('ratio', fromQ(ratioUtility(value, term), Q32), reference.ratio(value, term))
      }),
      { numRuns: 2_000 },
    )
  })

  it('default: evidence after histories of up to 400 days', () => {
    fc.assert(
      fc.property(fc.array(day, { minLength: 1, maxLength: 400, size: 'max' }), (days) => {
        const [s, f] = recur(days, DECAY_30_DAYS, 72)
        const slow = evidence(days, 144, 72, 30)
        within('evidence', fromQ(s, Q32), slow.success)
        within('evidence', fromQ(f, Q32), slow.failure)
      }),
      { numRuns: 25 },
    )
  })

  it('behavior: the trend survives any time without a report', () => {
    fc.assert(
      fc.property(
        fc.array(day, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 0, max: 400 }),
        (measured, idle) => {
          const days = [...measured, ...Array.from({ length: idle }, () => ({ ratePpm: 0, counted: 0 }))]
          const mean = (decay: typeof DECAY_30_DAYS) => meanQ48(...recur(days, decay, 72))
          const wanted = (halfLife: number) => {
            const { success, failure } = evidence(days, 144, 72, halfLife)
            return success + failure === 0n ? 0n : reference.div(success, success + failure)
          }
          const [fast, slow] = [wanted(2), wanted(30)]
          fc.pre(slow > ONE / 2n)
          const got = trendQ48(mean(DECAY_2_DAYS), mean(DECAY_30_DAYS))
          assert.ok(got <= TWO_48)
          within('trend', fromQ(got, Q48), fast >= slow ? ONE : reference.div(fast, slow))
        },
      ),
      { numRuns: 200 },
    )
  })

  it('default: whole scores from histories and figures', () => {
    const optional = (arbitrary: fc.Arbitrary<number>) => fc.option(arbitrary, { nil: 0 })
    fc.assert(
      fc.property(
        fc.array(day, { minLength: 1, maxLength: 60, size: 'max' }),
        fc.record({
          targetPpm: fc.constantFrom(0, 900_000, 960_000, 990_000, 999_000, 999_900, 1_000_000),
          recentLoss: fc.boolean(),
          challenged: fc.boolean(),
          ttfb: optional(fc.integer({ min: 1, max: 5_000 })),
          down: optional(fc.integer({ min: 1, max: 200_000 })),
          up: optional(fc.integer({ min: 1, max: 200_000 })),
          fresh: optional(fc.integer({ min: 1, max: 60_000 })),
          errors: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 20_000 })),
        }),
        (days, m) => {
          const [slowSuccess, slowFailure] = recur(days, DECAY_30_DAYS, 72)
          const [fastSuccess, fastFailure] = recur(days, DECAY_2_DAYS, 72)
          const [integritySuccess, integrityFailure] = m.challenged ? recur(days, DECAY_30_DAYS, 144) : [0, 0]
          const breakdown = createScoreBreakdown()
          scoreUnit(
            {
              ...createScoreInputs(),
              ...{ slowSuccess, slowFailure, fastSuccess, fastFailure, integritySuccess, integrityFailure },
              ...{ recentLoss: m.recentLoss, targetPpm: m.targetPpm, errorPpm: m.errors, freshnessP95Ms: m.fresh },
              ...{ ttfbP95Ms: m.ttfb, downP10Kbps: m.down, upP10Kbps: m.up },
              ...{ ttfbTermMs: 200, downTermKbps: 50_000, upTermKbps: 20_000 },
            },
            breakdown,
          )
          const want = reference.score({
            slow: evidence(days, 144, 72, 30),
            fast: evidence(days, 144, 72, 2),
            challenges: m.challenged ? evidence(days, 144, 144, 30) : { success: 0n, failure: 0n },
            recentLoss: m.recentLoss,
            targetPpm: m.targetPpm,
            latency: m.ttfb ? [m.ttfb, 200] : undefined,
            download: m.down ? [m.down, 50_000] : undefined,
            upload: m.up ? [m.up, 20_000] : undefined,
            errorPpm: m.errors < 0 ? undefined : m.errors,
            freshnessMs: m.fresh || undefined,
          })
          within('score', fromQ(breakdown.mean, Q48), want)
        },
      ),
      { numRuns: 150 },
    )
  })

  it('default: the table of the power is 2^(48 − 2^−k) to nearest, the decays are floors', () => {
    const floorQ64 = (halfLife: number) => (reference.exp2(-real(1, halfLife)) * 2n ** 64n) / ONE
    assert.equal(floorQ64(30), (BigInt(DECAY_30_DAYS.high) << 32n) + BigInt(DECAY_30_DAYS.low))
    assert.equal(floorQ64(2), (BigInt(DECAY_2_DAYS.high) << 32n) + BigInt(DECAY_2_DAYS.low))
    for (let k = 1; k <= 32; k++) {
      const exact = reference.exp2(-real(1, 2n ** BigInt(k))) * Q48
      assert.equal(BigInt(exp2NegQ48(2 ** (32 - k))), (exact + ONE / 2n) / ONE)
    }
  })
})
