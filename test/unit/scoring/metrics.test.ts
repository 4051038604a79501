/** Figures out of reports: from which number of samples and reporters on they are claimed, and by which term they are binned. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UNIT_KINDS } from '../../../src/core/units.ts'
import { COUNTERS, OP_ATTEMPTS, OP_FAILURES, type UnitTable } from '../../../src/scoring/unit-table.ts'
import { type Row, report, run, step, TEST_PARAMS, testUnits } from './fixture.ts'

/** One long day, nine reporters. */
const params = { ...TEST_PARAMS, epochsPerDay: 1_000 }
function after(epochs: number, rows: readonly Row[], { reporters = 9, units = testUnits(255) } = {}): UnitTable {
  const reports = Array.from({ length: reporters }, (_, i) => report(i, rows))
  return run(epochs, () => reports, { units, params }).table
}

describe('metrics', () => {
  it('default: latency is claimed from 59 samples, throughput from 29', () => {
    const read: Row = { ttfbMs: 100, kbps: 9_000 }
    const figures = (table: UnitTable) => [table.ttfbP95Ms[0]! > 0, table.downP10Kbps[0]! > 0]
    assert.deepEqual(figures(after(3, [read])), [false, false])
    assert.deepEqual(figures(after(4, [read])), [false, true])
    assert.deepEqual(figures(after(6, [read])), [false, true])
    assert.deepEqual(figures(after(7, [read])), [true, true])
  })

  it('behavior: seven reporters claim nothing, however much they measured', () => {
    const rows: Row[] = [
      { ttfbMs: 100, kbps: 9_000 },
      { task: 'write', kbps: 9_000 },
    ]
    const table = after(40, rows, { reporters: 7 })
    assert.deepEqual([table.ttfbP95Ms[0], table.downP10Kbps[0], table.upP10Kbps[0]], [0, 0, 0])
  })

  it('default: each figure is binned by its own term, and by the reference where there is none', () => {
    const units = testUnits(255)
    units.ttfbP95Ms[0] = 900
    units.downP10Kbps[0] = 80_000
    const rows: Row[] = [
      { ttfbMs: 901, kbps: 79_999 },
      { task: 'write', kbps: 7_999 },
    ]
    const table = after(10, rows, { units })
    // Bins 900 … 1 272, 56 569 … 80 000 and, against 8 000, 5 656 … 8 000; rank 10 of 10 and rank 1 of 10.
    assert.deepEqual([table.ttfbP95Ms[0], table.downP10Kbps[0], table.upP10Kbps[0]], [1_272, 56_567, 5_656])
    const unpromised = after(10, [{ ttfbMs: 251 }])
    assert.equal(unpromised.ttfbP95Ms[0], 353)
  })

  it('default: writes and read-after-write are the operations whose errors count', () => {
    const rows: Row[] = [{}, { task: 'write' }, { task: 'freshness', outcome: 'stale-content' }]
    const counters = after(3, rows).counters.subarray(0, COUNTERS)
    assert.deepEqual([counters[OP_ATTEMPTS], counters[OP_FAILURES]], [6, 3])
  })

  it('default: a function unit is judged by its invocations, every other by its reads', () => {
    const units = testUnits(255)
    units.kind[0] = UNIT_KINDS.indexOf('function')
    const reports = Array.from({ length: 9 }, (_, i) => report(i, [{ outcome: 'http-5xx' }, { task: 'invoke' }]))
    const judged = (of: typeof units) => {
      const { usable, failed } = step(reports, { units: of, params })
      return [usable[0], failed[0]]
    }
    assert.deepEqual(
      [judged(units), judged(testUnits(255))],
      [
        [9, 0],
        [9, 9],
      ],
    )
  })
})
