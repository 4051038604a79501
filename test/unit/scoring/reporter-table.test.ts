import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  assignSlots,
  createReporterTable,
  MAX_REPORTERS,
  type ReporterTable,
} from '../../../src/scoring/reporter-table.ts'
import { createUnitTable } from '../../../src/scoring/unit-table.ts'
import { report, reporter, step, testUnits } from './fixture.ts'

const addresses = (from: number, count: number) => Array.from({ length: count }, (_, i) => reporter(from + i))

function full(epoch = 0): ReporterTable {
  return assignSlots(createReporterTable(), addresses(0, MAX_REPORTERS), epoch, 10).reporters
}

describe('assignSlots', () => {
  it('default: newcomers take slots in the order of their addresses and keep them', () => {
    const first = assignSlots(createReporterTable(), addresses(5, 3), 0, 10)
    assert.deepEqual([first.slotOf, first.reassigned], [[0, 1, 2], []])
    const second = assignSlots(first.reporters, addresses(4, 3), 1, 10)
    assert.deepEqual(second.slotOf, [3, 0, 1])
    assert.deepEqual([...second.reporters.lastEpoch.subarray(0, 4)], [1, 1, 0, 1])
  })

  it('behavior: a slot silent for more than two days is taken first', () => {
    const { reporters } = assignSlots(createReporterTable(), addresses(0, 3), 0, 10)
    const later = assignSlots(reporters, [reporter(0), reporter(1)], 20, 10).reporters
    assert.deepEqual(assignSlots(later, [reporter(9)], 20, 10).slotOf, [3])
    const taken = assignSlots(later, [reporter(9)], 21, 10)
    assert.deepEqual([taken.slotOf, taken.reassigned], [[2], [2]])
  })

  it('behavior: when all are taken, who has been silent longest goes', () => {
    const kept = assignSlots(full(), addresses(0, 40), 5, 10).reporters
    const next = assignSlots(kept, [reporter(100), reporter(101)], 6, 10)
    assert.deepEqual(
      [next.slotOf, next.reassigned],
      [
        [40, 41],
        [40, 41],
      ],
    )
    assert.equal(next.reporters.addresses.length, MAX_REPORTERS)
  })

  it("behavior: a slot that changes hands takes nothing of its former owner's counters along", () => {
    const units = testUnits(9)
    let table = createUnitTable()
    for (let epoch = 0; epoch < 2; epoch++)
      table = step(
        addresses(epoch * 32, 32).map((_, i) => report(epoch * 32 + i, [{ outcome: 'http-5xx' }])),
        { table, units, n: 31 },
      ).table
    const next = step([report(200, [{}])], { table, units, n: 31 }).table
    const slot = next.reporters.addresses.indexOf(reporter(200))
    assert.equal(slot, 0)
    assert.deepEqual([...next.counters.slice(slot * 8, slot * 8 + 4)], [0, 0, 1, 1])
  })
})
