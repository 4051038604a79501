import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UNIT_STATES } from '../../../src/core/units.ts'
import type { EpochReport } from '../../../src/scoring/evaluation.ts'
import { encodeRow, reportersDigest } from '../../../src/scoring/record-codec.ts'
import { cloneTable, createUnitTable, type UnitTable } from '../../../src/scoring/unit-table.ts'
import { MET, MISSED, NEUTRAL } from '../../../src/scoring/verdict.ts'
import { report, reporter, run, step, TEST_PARAMS, testUnits, votes } from './fixture.ts'

const rowBytes = (table: UnitTable, row = 0) => encodeRow(table, row, reportersDigest(table.reporters))
const losingNothing = Array.from({ length: 9 }, (_, i) => report(i, [{}, { task: 'integrity' }]))
const stateOf = (table: UnitTable, row = 0) => UNIT_STATES[table.state[row]!]!

describe('evaluateEpoch', () => {
  it('default: a unit that all read is met and paid in full', () => {
    const { table, verdict, paidBps, usable, failed } = step(votes(9))
    assert.deepEqual([verdict[0], paidBps[0], usable[0], failed[0]], [MET, 10_000, 9, 0])
    assert.deepEqual([table.metEpochs[0], table.paidBpsSum[0], table.availabilityPpm[0]], [1, 10_000, 1_000_000])
  })

  it('behavior: more than half of the usable reports make a miss, half does not', () => {
    assert.equal(step(votes(8, 4)).verdict[0], MET)
    const missed = step(votes(8, 5))
    assert.deepEqual([missed.verdict[0], missed.paidBps[0], missed.table.missedEpochs[0]], [MISSED, 0, 1])
  })

  it('behavior: fewer than min(7, n − f − 1) usable reports decide nothing', () => {
    assert.equal(step(votes(6), { n: 9 }).verdict[0], MET)
    assert.equal(step(votes(5, 5), { n: 9 }).verdict[0], NEUTRAL)
    assert.equal(step(votes(7), { n: 31 }).verdict[0], MET)
    assert.equal(step(votes(6), { n: 31 }).verdict[0], NEUTRAL)
    assert.equal(step(votes(2), { n: 4 }).verdict[0], MET)
  })

  it("behavior: a prober's or the chain's fault makes a report unusable, not failed", () => {
    const reports = Array.from({ length: 9 }, (_, i) =>
      report(i, [{ outcome: i < 4 ? 'ok' : i < 7 ? 'control-failed' : 'chain-unreachable' }]),
    )
    const { verdict, usable, failed, table } = step(reports)
    assert.deepEqual([verdict[0], usable[0], failed[0], table.neutralEpochs[0]], [NEUTRAL, 4, 0, 1])
  })

  it('behavior: a neutral epoch pays 10 000 before any history, then the mean of what was paid', () => {
    assert.equal(step([]).paidBps[0], 10_000)
    const half = run(4, (epoch) => votes(9, epoch % 2 === 0 ? 9 : 0))
    // Two misses, and two epochs at 25 % or less availability that pay nothing either.
    assert.equal(half.table.paidBpsSum[0], 0)
    assert.equal(step([], { table: half.table }).paidBps[0], 0)
  })

  it('behavior: availability below target by more than 0, 0.9 and 5 points costs 10, 25 and 100 %', () => {
    const params = { ...TEST_PARAMS, epochsPerDay: 1_000 }
    const paidAfter = (good: number) => {
      const start = run(1, () => votes(9, 9), { params, units: testUnits(255) })
      let { table } = start
      let paid = 0
      for (let i = 0; i < good; i++) {
        const next = step(votes(9), { table, params, units: testUnits(255) })
        table = next.table
        paid = next.paidBps[0]!
      }
      return { availability: table.availabilityPpm[0], paid }
    }
    assert.deepEqual(paidAfter(10), { availability: 909_090, paid: 0 })
    assert.deepEqual(paidAfter(60), { availability: 983_606, paid: 7_500 })
    assert.deepEqual(paidAfter(120), { availability: 991_735, paid: 9_000 })
  })

  it('behavior: the input is left as it is, and a second run gives the same bits', () => {
    const { table } = run(7, (epoch) => votes(9, epoch % 4))
    const before = cloneTable(table)
    const first = step(votes(9, 3), { table })
    const second = step(votes(9, 3), { table })
    assert.deepEqual(table, before)
    assert.deepEqual(first, second)
  })

  it('behavior: skipped epochs are neutral, and day boundaries among them are closed', () => {
    const { table } = run(10, () => votes(9))
    const skipped = step(votes(9), { table, epoch: 35 }).table
    const neutral = run(25, () => [], { table })
    assert.equal(skipped.neutralEpochs[0], 25)
    assert.equal(skipped.daysClosed[0], table.daysClosed[0]! + 3)
    const stepped = step(votes(9), { table: neutral.table, epoch: 35 }).table
    assert.deepEqual(rowBytes(skipped), rowBytes(stepped))
  })

  it('behavior: days that close in a gap are closed with the reports of those whose slots newcomers take after it', () => {
    const { table } = run(15, () => votes(9), { units: testUnits(9) })
    const newcomers = Array.from({ length: 9 }, (_, i) => report(100 + i, [{}]))
    const options = { epoch: 60, units: testUnits(9) }
    const skipped = step(newcomers, { ...options, table }).table
    const neutral = run(45, () => [], { table, units: testUnits(9) }).table
    const stepped = step(newcomers, { ...options, table: neutral }).table
    assert.equal(skipped.reporters.addresses[0], reporter(100))
    assert.deepEqual(rowBytes(skipped), rowBytes(stepped))
  })

  it('behavior: a day begun under more epochs a day is a full day at most', () => {
    const units = testUnits(143)
    const { table } = run(140, () => losingNothing, { units, params: { ...TEST_PARAMS, epochsPerDay: 144 } })
    const next = step(losingNothing, { table, units, params: { ...TEST_PARAMS, epochsPerDay: 1 } }).table
    assert.equal((next.slowSuccess[0]! + next.slowFailure[0]!) / 2 ** 32, 72)
    assert.equal((next.integritySuccess[0]! + next.integrityFailure[0]!) / 2 ** 32, 144)
  })

  it("behavior: of an epoch's own loss and a jury's confirmations the larger number counts", () => {
    const losing = Array.from({ length: 9 }, (_, i) => report(i, [{}, { task: 'integrity', outcome: 'wrong-content' }]))
    const incidents = (reports: readonly EpochReport[], jury: number) => {
      const units = { ...testUnits(0), confirmedLosses: Uint8Array.of(jury) }
      return step(reports, { units }).table.lossIncidents[0]
    }
    assert.deepEqual([incidents(losing, 0), incidents(losing, 1), incidents(losing, 3)], [1, 1, 3])
    assert.deepEqual([incidents(losingNothing, 0), incidents(losingNothing, 2)], [0, 2])
  })

  it('behavior: a day closes at the epoch unitId mod epochsPerDay', () => {
    const units = testUnits(3, 4)
    const reports = Array.from({ length: 9 }, (_, i) => report(i, [{ unit: 0 }, { unit: 1 }]))
    const { table } = run(4, () => reports, { units })
    assert.deepEqual([...table.daysClosed], [1, 0])
    assert.deepEqual([table.counters[0 + 2], table.slowSuccess[1]], [0, 0])
    assert.ok(table.slowSuccess[0]! > 0)
  })

  it('behavior: units come and go with the chain, the others keep their rows', () => {
    const both = Array.from({ length: 9 }, (_, i) => report(i, [{ unit: 0 }, { unit: 1, outcome: 'http-5xx' }]))
    const { table } = run(3, () => both, { units: testUnits(4, 9) })
    const next = step([], { table, units: testUnits(2, 9) }).table
    assert.deepEqual([next.firstEpoch[0], next.firstEpoch[1]], [3, 0])
    assert.deepEqual([next.missedEpochs[1], next.metEpochs[0], next.count], [3, 0, 2])
  })

  it('behavior: rows of unknown units, tasks and outcomes are passed over, a second row of a task too', () => {
    const odd = report(0, [{}, { outcome: 'http-5xx' }, { unit: 7 }])
    odd.columns.unit[2] = 4_000_000_000
    const unknown = report(1, [{}, {}])
    unknown.columns.outcome.set([200, 0])
    unknown.columns.task.set([0, 99])
    const { usable, failed } = step([odd, unknown])
    assert.deepEqual([usable[0], failed[0]], [1, 0])
  })

  it('behavior: maintenance is neutral until the budget of half a day is used up', () => {
    const units = testUnits(9)
    units.status[0] = 2
    const { table } = run(8, () => votes(9, 9), { units })
    assert.deepEqual([table.neutralEpochs[0], table.missedEpochs[0]], [5, 3])
  })

  it('behavior: latency is the median of p95s, enforced from 200 samples', () => {
    const units = testUnits(255)
    units.ttfbP95Ms[0] = 100
    const params = { ...TEST_PARAMS, epochsPerDay: 1_000 }
    const slow = Array.from({ length: 9 }, (_, i) => report(i, [{ ttfbMs: i < 4 ? 20 : 150 }]))
    const claimed = run(7, () => slow, { units, params })
    assert.ok(claimed.table.ttfbP95Ms[0]! > 141 && claimed.table.ttfbP95Ms[0]! <= 200)
    assert.deepEqual([claimed.table.samples[0], claimed.paidBps[0]], [63, 10_000])
    const enforced = run(16, () => slow, { units, params, table: claimed.table })
    assert.deepEqual([enforced.table.samples[0], enforced.paidBps[0]], [207, 9_000])
  })

  it('behavior: no latency is claimed by fewer than minReports reporters, however many samples they have', () => {
    const few = Array.from({ length: 7 }, (_, i) => report(i, [{ ttfbMs: 20 }]))
    const { table } = run(20, () => few, { units: testUnits(255), params: { ...TEST_PARAMS, epochsPerDay: 1_000 } })
    assert.deepEqual([table.samples[0], table.ttfbP95Ms[0], table.availabilityPpm[0]], [140, 0, 0])
  })

  it('behavior: a day that too few reporters saw is no evidence, for or against', () => {
    const { table } = run(10, () => votes(7), { units: testUnits(9), n: 31 })
    assert.deepEqual([table.metEpochs[0], table.daysClosed[0]], [10, 1])
    assert.deepEqual([table.slowSuccess[0], table.slowFailure[0]], [0, 0])
  })

  it('behavior: a loss counts when more than f reporters saw it, and suspends', () => {
    const vetted = run(11, () => votes(9)).table
    assert.equal(stateOf(vetted), 'Active')
    const losing = (count: number) =>
      Array.from({ length: 9 }, (_, i) =>
        report(i, [{}, ...(i < count ? [{ task: 'integrity', outcome: 'wrong-content' } as const] : [])]),
      )
    assert.equal(step(losing(2), { table: vetted }).table.lossIncidents[0], 0)
    const outvoted = losing(3).map((r, i) => (i < 3 ? r : report(i, [{}, { task: 'integrity' }])))
    assert.equal(step(outvoted, { table: vetted }).table.lossIncidents[0], 0)
    const lost = step(losing(3), { table: vetted }).table
    assert.deepEqual([lost.lossIncidents[0], stateOf(lost), lost.lossDays[0]], [1, 'Suspended', 30])
  })

  it('behavior: an outage is warned of, suspended, forgiven by good days', () => {
    const seen: string[] = []
    const scores: number[] = []
    let table = createUnitTable()
    for (let epoch = 0; epoch < 130; epoch++) {
      table = step(votes(9, epoch >= 25 && epoch < 32 ? 9 : 0), { table }).table
      if (seen.at(-1) !== stateOf(table)) seen.push(stateOf(table))
      scores.push(table.scoreBps[0]!)
    }
    assert.equal(scores[26], scores[24], 'two misses may be a restart')
    assert.ok(scores[27]! < scores[26]!, 'the third lowers the score before the day closes')
    assert.ok(scores[29]! <= scores[27]!)
    assert.deepEqual(seen, ['Vetting', 'Active', 'Warned', 'Suspended', 'Probation', 'Active'])
  })

  it('error: an epoch that does not follow its parent', () => {
    const { table } = step(votes(9))
    assert.throws(() => step(votes(9), { table, epoch: 0 }), { code: 'epoch-not-after-parent' })
  })

  it('error: two reports of one reporter, units out of order, a day of no epoch', () => {
    assert.throws(() => step([...votes(2), ...votes(1)]), { code: 'duplicate-reporter' })
    assert.throws(() => step([], { units: testUnits(5, 4) }), { code: 'units-unsorted' })
    assert.throws(() => step([], { params: { ...TEST_PARAMS, epochsPerDay: 0 } }), { code: 'bad-params' })
    assert.throws(() => step(votes(65)), { code: 'too-many-reporters' })
  })
})
