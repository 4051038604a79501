/** Reports against the evaluation: the same numbers, every failure with its evidence, ways up that do lead up. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Hash32, Hex } from '../../../../src/core/ids.ts'
import { reportJson, reportLines } from '../../../../src/provider/explain/report-text.ts'
import { type EvidencedReport, outliersOf, unitReport } from '../../../../src/provider/explain/unit-report.ts'
import { waysUp } from '../../../../src/provider/explain/what-if.ts'
import { createScoreBreakdown, scoreUnit } from '../../../../src/scoring/score.ts'
import { report, reporter, run, step, TEST_PARAMS, testUnits } from '../../scoring/fixture.ts'

const hash = (i: number): Hash32 => `0x${i.toString(16).padStart(64, '0')}` as Hex
const evidenced = (reports: ReturnType<typeof report>[]): EvidencedReport[] =>
  reports.map((each, i) => ({ ...each, evidence: hash(i) }))

/** Unit 0 promises 100 ms and takes 150; one of nine reporters sees it fail. */
function slowUnit() {
  const units = testUnits(8)
  units.ttfbP95Ms[0] = 100
  const rows = (i: number) => (i < 1 ? { outcome: 'http-5xx' as const } : { ttfbMs: 150 })
  const reports = Array.from({ length: 9 }, (_, i) => report(i, [rows(i)]))
  const params = { ...TEST_PARAMS, ttfbClaimSamples: 5, ttfbEnforceSamples: 5 }
  const { table } = run(8, () => reports, { units, params })
  return { table, epoch: 8, units, reports: evidenced(reports), params, n: 9, f: 2 }
}

describe('unitReport', () => {
  it('default: the numbers of the evaluation, and each failure with its evidence', () => {
    const input = slowUnit()
    const { explanation, failures, tier } = unitReport(input, 0)
    const result = step(input.reports, { table: input.table, units: input.units, params: input.params })
    assert.equal(explanation.paidBps, result.paidBps[0])
    assert.equal(explanation.scoreBps, result.table.scoreBps[0])
    assert.equal(tier, 'none')
    assert.deepEqual(
      failures.map(({ reporter: by, outcome, fault, task, evidence }) => [by, outcome, fault, task, evidence]),
      [0].map((i) => [reporter(i), 'http-5xx', 'provider', 'read', hash(i)]),
    )
  })

  it('behavior: what each metric costs follows the weights, and adds the whole way up', () => {
    const { shares, explanation } = unitReport(slowUnit(), 0)
    const counting = shares.filter(({ utility }) => utility !== undefined)
    assert.ok(counting.some(({ metric }) => metric === 'latency'))
    const weights = counting.reduce((sum, { weight }) => sum + weight, 0)
    assert.ok(Math.abs(weights - 1) < 1e-9)
    const perfect = { ...explanation.inputs, ttfbP95Ms: 1 }
    const gain = scoreUnit(perfect, createScoreBreakdown()) - explanation.breakdown.scoreBps
    const latency = shares.find(({ metric }) => metric === 'latency')!
    assert.ok(Math.abs(latency.costBps - gain) <= 1, `${latency.costBps} and ${gain}`)
  })

  it('behavior: the way up leads there, and one step less does not', () => {
    const inputs = {
      ...unitReport(slowUnit(), 0).explanation.inputs,
      slowSuccess: 2 ** 32 * 1_500,
      slowFailure: 0,
      fastSuccess: 2 ** 32 * 150,
      fastFailure: 0,
      errorPpm: 0,
      ttfbP95Ms: 190,
    }
    const now = scoreUnit(inputs, createScoreBreakdown())
    const gold = waysUp(inputs, now, 144).at(-1)!
    assert.equal(gold.tier, 'gold')
    const with_ = (ttfbP95Ms: number) => scoreUnit({ ...inputs, ttfbP95Ms }, createScoreBreakdown())
    assert.ok(with_(gold.ttfbP95Ms!) >= 9_000)
    assert.ok(with_(gold.ttfbP95Ms! + 1) < 9_000)
    assert.equal(gold.downP10Kbps, undefined)
  })

  it('behavior: perfect days heal availability', () => {
    const units = testUnits(8)
    const reports = Array.from({ length: 9 }, (_, i) => report(i, [{}]))
    const { table } = run(8, () => reports, { units })
    const input = { table, epoch: 8, units, reports: evidenced(reports), params: TEST_PARAMS, n: 9, f: 2 }
    const { waysUp: ways, explanation } = unitReport(input, 0)
    assert.ok(ways.length > 0 && explanation.breakdown.scoreBps < 9_000)
    const days = ways.map(({ perfectDays }) => perfectDays!)
    assert.ok(days.every((day) => day >= 1))
    assert.deepEqual(
      days,
      days.toSorted((a, b) => a - b),
    )
  })

  it('error: no such unit', () => {
    assert.throws(() => unitReport(slowUnit(), 1), RangeError)
    assert.throws(() => unitReport(slowUnit(), -1), RangeError)
  })
})

describe('outliersOf', () => {
  const figures = (rates: readonly number[]) =>
    rates.map((ratePpm, i) => ({ reporter: reporter(i), report: 'good' as const, attempts: 10, ratePpm }))

  it('default: who stands apart from the others', () => {
    const outliers = outliersOf(figures([0, 990_000, 995_000, 1_000_000, 1_000_000]))
    assert.deepEqual(
      outliers.map((outlier) => [outlier.reporter, outlier.distancePpm]),
      [[reporter(0), -995_000]],
    )
  })
  it('behavior: nobody does where all differ, or where few report', () => {
    assert.deepEqual(outliersOf(figures([500_000, 600_000, 700_000, 800_000, 900_000])), [])
    assert.deepEqual(outliersOf(figures([0, 1_000_000])), [])
    assert.deepEqual(outliersOf(figures([-1, -1, 1_000_000])), [])
  })
})

describe('report as text and JSON', () => {
  it('default: says verdict, score, failures, ways up', () => {
    const lines = reportLines(unitReport(slowUnit(), 0)).join('\n')
    assert.match(lines, /verdict MET: pays 90\.00 % \(1 of 9 usable reports failed; 100 % less a credit of 10\.00 %\)/)
    assert.match(lines, /time to first byte p95 \d+ ms of \d+ samples \(promised 100 ms\)/)
    assert.match(lines, /latency: utility 0\.\d+, weight \d+ %, costs \d+ of 10000/)
    assert.match(lines, /1 probe failed:\n {2}epoch 8 {2}read {2}http-5xx {2}by 0x/)
    assert.match(lines, /outlier 0x0{39}1: 0\.00 %, 100\.00 % below the median/)
    assert.match(lines, /to reach gold \(9000\): /)
  })
  it('default: JSON has no bigint and no typed array in it', () => {
    const json = reportJson(unitReport(slowUnit(), 0))
    assert.deepEqual(JSON.parse(JSON.stringify(json)).chain.scoreNowBps, json.chain.scoreNowBps)
    assert.equal(JSON.parse(JSON.stringify(json)).failures.length, 1)
  })
})
