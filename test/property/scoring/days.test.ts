/** Whole lives of a unit from the raw reports: verdicts, payments and scores of the reference and of the evaluation. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createUnitTable } from '../../../src/scoring/unit-table.ts'
import { VERDICTS } from '../../../src/scoring/verdict.ts'
import { report, step, TEST_PARAMS, testUnits } from '../../unit/scoring/fixture.ts'
import { evidence, exp2, median, mul, ONE, type ReferenceDay, real, score } from './reference.ts'

const D = 4
const N = 11
const F = 3
const MIN_REPORTS = TEST_PARAMS.minReports
const TARGET_PPM = 999_000
/** Unit 3 closes its days at the last epoch of each four. */
const UNITS = testUnits(3)

type Votes = readonly (boolean | undefined)[]

const rate = (votes: readonly Votes[], i: number): number | undefined => {
  const own = votes.map((epoch) => epoch[i]).filter((vote) => vote !== undefined)
  return own.length === 0 ? undefined : Math.floor((own.filter(Boolean).length * 1_000_000) / own.length)
}

/** 3.2, 5.1 */
function judged(votes: readonly Votes[]): number | undefined {
  const rates = Array.from({ length: N }, (_, i) => rate(votes, i)).filter((r) => r !== undefined)
  return rates.length >= MIN_REPORTS ? median(rates) : undefined
}

/** 3.1 */
function verdictOf(votes: Votes): string {
  const usable = votes.filter((vote) => vote !== undefined)
  if (usable.length < Math.min(7, N - F - 1)) return 'NEUTRAL'
  return 2 * usable.filter((vote) => !vote).length > usable.length ? 'MISSED' : 'MET'
}

/** 3.4 */
function creditBps(availability: number | undefined): number {
  const short = availability === undefined ? 0 : TARGET_PPM - availability
  return short > 50_000 ? 10_000 : short > 9_000 ? 2_500 : short > 0 ? 1_000 : 0
}

/** 3.5: bps and number of the judged epochs, each weighed by the days that closed since. */
function neutralPay(past: readonly { paid: number; day: number }[], today: number): number {
  let mass = 0n
  let weight = 0n
  for (const { paid, day } of past) {
    const w = exp2(real(-Math.max(0, today - day - 1), 30))
    mass += w * BigInt(paid)
    weight += w
  }
  return weight === 0n ? 10_000 : Number(mass / weight)
}

interface Expected {
  verdict: string
  paid: number
  /** Of the last close, in basis points with decimals; undefined before the first. */
  score: number | undefined
}

function expected(history: readonly Votes[]): Expected[] {
  const paidEpochs: { paid: number; day: number }[] = []
  const days: ReferenceDay[] = []
  let last: number | undefined
  return history.map((votes, epoch) => {
    const day = Math.floor(epoch / D)
    const verdict = verdictOf(votes)
    const window = history.slice(Math.max(0, (day - 1) * D), epoch + 1)
    const met = 10_000 - creditBps(judged(window))
    const paid = verdict === 'NEUTRAL' ? neutralPay(paidEpochs, day) : verdict === 'MET' ? met : 0
    if (verdict !== 'NEUTRAL') paidEpochs.push({ paid, day })
    if (epoch % D === D - 1) {
      const own = history.slice(day * D, epoch + 1)
      const a = judged(own)
      const counted = a === undefined ? 0 : own.filter((v) => verdictOf(v) !== 'NEUTRAL').length
      days.push({ ratePpm: a ?? 0, counted })
      last = Number(mul(score(scoreInputs(days)), real(10_000)) / 10n ** 90n) / 1e10
    }
    return { verdict, paid, score: last }
  })
}

function scoreInputs(days: readonly ReferenceDay[]) {
  return {
    slow: evidence(days, D, 72, 30),
    fast: evidence(days, D, 72, 2),
    challenges: { success: 0n, failure: 0n },
    recentLoss: false,
    targetPpm: TARGET_PPM,
  }
}

const votes = (good: number) =>
  fc.array(
    fc.oneof(
      { weight: good, arbitrary: fc.constant(true) },
      { weight: 2, arbitrary: fc.constant(false) },
      { weight: 2, arbitrary: fc.constant(undefined) },
    ),
    { minLength: N, maxLength: N },
  )

describe('lives of units', () => {
  it('default: verdicts, payments and scores are those of the reference', () => {
    fc.assert(
      fc.property(
        fc
          .constantFrom(4, 30, 300)
          .chain((good) => fc.array(votes(good), { minLength: 1, maxLength: 60, size: 'max' })),
        (history) => {
          const want = expected(history)
          let table = createUnitTable()
          history.forEach((epochVotes, epoch) => {
            const reports = epochVotes.flatMap((good, i) =>
              good === undefined ? [] : [report(i, [{ outcome: good ? 'ok' : 'http-5xx' }])],
            )
            const params = { ...TEST_PARAMS, epochsPerDay: D }
            const got = step(reports, { table, epoch, units: UNITS, params, n: N })
            table = got.table
            const { verdict, paid, score: scored } = want[epoch]!
            assert.equal(VERDICTS[got.verdict[0]!], verdict)
            assert.ok(Math.abs(got.paidBps[0]! - paid) <= (verdict === 'NEUTRAL' ? 1 : 0), `epoch ${epoch}: ${paid}`)
            if (scored !== undefined && epoch % D === D - 1)
              assert.ok(Math.abs(table.scoreBps[0]! + 0.5 - scored) <= 0.501, `${table.scoreBps[0]} for ${scored}`)
          })
        },
      ),
      { numRuns: 60 },
    )
  })

  it('behavior: the reference knows its own constants', () => {
    assert.equal(exp2(real(10)), 1024n * ONE)
    assert.equal(judged([[true, false]]), undefined)
  })
})
