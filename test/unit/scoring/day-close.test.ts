/** What a day's close leaves behind: budgets regained, counters that fade, evidence of one day counted in one day. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { EpochReport } from '../../../src/scoring/evaluation.ts'
import {
  CHALLENGES,
  COUNTERS,
  OP_ATTEMPTS,
  OP_FAILURES,
  SMALL_BINS,
  SMALL_HISTOGRAMS,
  type UnitTable,
} from '../../../src/scoring/unit-table.ts'
import { type Row, report, run, step, testUnits, votes } from './fixture.ts'

/** Ten epochs a day; the day closes at the last of them. */
const units = testUnits(9)
const all = (rows: readonly Row[]): EpochReport[] => Array.from({ length: 9 }, (_, i) => report(i, rows))
const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0)
const countersOf = (table: UnitTable) => table.counters.subarray(0, COUNTERS)
const smallOf = (table: UnitTable) => table.small.subarray(0, SMALL_BINS * SMALL_HISTOGRAMS)

describe('day close', () => {
  it('default: operations, challenges and histograms halve, up and down by turns', () => {
    const write: Row = { task: 'write', outcome: 'http-5xx' }
    const day = (epoch: number) => all(epoch < 5 ? [{ ttfbMs: 50, kbps: 9_000 }, write, { task: 'integrity' }] : [{}])
    const first = run(10, day, { units }).table
    assert.deepEqual(
      [countersOf(first)[OP_ATTEMPTS], countersOf(first)[OP_FAILURES], countersOf(first)[CHALLENGES]],
      [2, 2, 2],
    )
    assert.deepEqual([sum(first.ttfb.subarray(0, 16)), sum(smallOf(first))], [2, 2])
    // The second close rounds up, for one day was closed before: 2 → 1, and the third's 1 → 0.
    const second = run(10, () => votes(9), { units, table: first }).table
    assert.deepEqual([countersOf(second)[OP_ATTEMPTS], sum(smallOf(second))], [1, 1])
    const third = run(10, () => votes(9), { units, table: second }).table
    assert.deepEqual([countersOf(third)[OP_ATTEMPTS], sum(smallOf(third))], [0, 0])
    const again = run(10, (epoch) => (epoch === 31 ? all([{}, write]) : votes(9)), { units, table: third }).table
    assert.equal(countersOf(again)[OP_ATTEMPTS], 1, 'the fourth close rounds up')
  })

  it('behavior: challenges are evidence of the day they were made on, and of no other', () => {
    const first = run(10, () => all([{}, { task: 'integrity' }]), { units }).table
    assert.equal(first.integritySuccess[0], 144 * 2 ** 32)
    const second = run(10, () => votes(9), { units, table: first }).table
    assert.ok(second.integritySuccess[0]! < 144 * 2 ** 32)
    assert.equal(second.dayChallenged[0], 0)
  })

  it('behavior: a loss is held against a unit at thirty closes', () => {
    const losing = all([{}, { task: 'integrity', outcome: 'object-missing' }])
    const lost = run(10, (epoch) => (epoch === 5 ? losing : votes(9)), { units }).table
    assert.equal(lost.lossDays[0], 29)
    const before = run(280, () => votes(9), { units, table: lost }).table
    assert.equal(before.lossDays[0], 1)
    assert.equal(step([], { table: before, units, epoch: before.epoch + 10 }).table.lossDays[0], 0)
  })

  it('behavior: a thirtieth of the budget of maintenance is regained at each close', () => {
    const away = testUnits(9)
    away.status[0] = 2
    const used = run(4, () => [], { units: away }).table
    assert.equal(used.maintenanceUsed[0], 240)
    const days = [9, 19, 249, 259].map((epoch) => step([], { table: used, units, epoch }).table.maintenanceUsed[0])
    assert.deepEqual(days, [230, 220, 0, 0])
  })
})
