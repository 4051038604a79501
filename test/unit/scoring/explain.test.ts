import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { explainUnit } from '../../../src/scoring/explain.ts'
import { mulShift48, TWO_48 } from '../../../src/scoring/fixed.ts'
import { report, run, step, TEST_PARAMS, testUnits, votes } from './fixture.ts'

const units = testUnits(3, 8)
const reports = Array.from({ length: 9 }, (_, i) =>
  report(i, [{ unit: 0 }, { unit: 1, ttfbMs: 50 + i, outcome: i < 4 ? 'http-5xx' : 'ok' }]),
)
const { table } = run(8, () => reports, { units })
const input = { table, epoch: 8, units, reports, params: TEST_PARAMS, n: 9, f: 2 }

describe('explainUnit', () => {
  it('default: the numbers are those of the evaluation', () => {
    const result = step(reports, { table, units })
    const why = explainUnit(input, 1)
    assert.deepEqual([why.verdict, why.paidBps, why.usable, why.failed], ['MET', result.paidBps[1], 9, 4])
    assert.equal(why.scoreBps, result.table.scoreBps[1])
    assert.equal(why.metrics.availabilityPpm, result.table.availabilityPpm[1])
    assert.equal(why.dayClosed, true)
    assert.equal(why.inputs.slowSuccess, result.table.slowSuccess[1])
  })

  it('behavior: each number follows from those before it', () => {
    const { breakdown, reporters, metrics, credits, paidBps } = explainUnit(input, 1)
    assert.equal(reporters[4]!.ratePpm, metrics.availabilityPpm)
    assert.equal(mulShift48(breakdown.lower, breakdown.trend), breakdown.discounted)
    assert.ok(breakdown.lower < TWO_48 && breakdown.mean <= TWO_48)
    assert.equal(10_000 - Math.max(0, ...credits.map((credit) => credit.creditBps)), paidBps)
    assert.deepEqual(
      reporters.filter((r) => r.report === 'bad').map((r) => r.attempts),
      [9, 9, 9, 9],
    )
  })

  it('behavior: between closes it shows what a close now would give, and the score that stands', () => {
    const why = explainUnit(input, 0)
    assert.equal(why.dayClosed, false)
    assert.equal(why.scoreBps, step(reports, { table, units }).table.scoreBps[0])
    assert.ok(why.breakdown.scoreBps > why.scoreBps)
  })

  it('behavior: maintenance and losses are named as such', () => {
    const losing = Array.from({ length: 9 }, (_, i) =>
      report(i, [{ unit: 1 }, { unit: 1, task: 'integrity', outcome: i < 5 ? 'object-missing' : 'ok' }]),
    )
    const closed = { ...units, status: Uint8Array.of(1, 2) }
    const why = explainUnit({ ...input, reports: losing }, 1)
    assert.deepEqual([why.maintenance, why.challenges, why.losses, why.stateReason], [false, 9, 5, 'data-lost'])
    const away = explainUnit({ ...input, reports: losing, units: closed }, 1)
    assert.deepEqual([away.maintenance, away.challenges, away.usable, away.verdict], [true, 0, 0, 'NEUTRAL'])
  })

  it('behavior: a unit that is new in this epoch has its reasons too', () => {
    const why = explainUnit({ ...input, units: testUnits(3, 7), reports: votes(9) }, 1)
    assert.deepEqual([why.verdict, why.state, why.stateReason, why.reporters], ['NEUTRAL', 'Pending', 'registered', []])
  })
})
