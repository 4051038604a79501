/** Gaps: epochs without a root, without a report, for years; and sets that change in them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { EpochReport } from '../../../src/scoring/evaluation.ts'
import { encodeRow, reportersDigest } from '../../../src/scoring/record-codec.ts'
import { neutralBps } from '../../../src/scoring/skipped.ts'
import { createUnitTable, type UnitTable } from '../../../src/scoring/unit-table.ts'
import { report, step, TEST_PARAMS, testUnits } from '../../unit/scoring/fixture.ts'

const N = 11
/** Some epochs with reports, each so many epochs after the one before; `first` is the first of N reporters. */
interface Visit {
  gap: number
  first: number
  good: readonly boolean[]
}
const visits = (maxGap: number, firsts: readonly number[]): fc.Arbitrary<Visit[]> =>
  fc.array(
    fc.record({
      gap: fc.integer({ min: 1, max: maxGap }),
      first: fc.constantFrom(...firsts),
      good: fc.array(fc.boolean(), { minLength: N, maxLength: N }),
    }),
    { minLength: 1, maxLength: 14 },
  )
const reportsOf = ({ first, good }: Visit): EpochReport[] =>
  good.map((ok, i) =>
    report(first + i, [
      { outcome: ok ? 'ok' : 'http-5xx' },
      { task: 'integrity', outcome: ok ? 'ok' : 'idle-timeout' },
    ]),
  )
const bytes = (table: UnitTable) => encodeRow(table, 0, reportersDigest(table.reporters))

describe('gaps', () => {
  it('behavior: skipping epochs is the same as evaluating them without a report, whoever comes after', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 3, 10), visits(45, [0, 5, 20, 40, 60]), (epochsPerDay, all) => {
        const options = { params: { ...TEST_PARAMS, epochsPerDay }, units: testUnits(7), n: N }
        let [skipped, stepped] = [createUnitTable(), createUnitTable()]
        for (const visit of all) {
          const epoch = skipped.epoch + visit.gap
          const fresh = skipped.epoch < 0
          while (!fresh && stepped.epoch < epoch - 1) stepped = step([], { ...options, table: stepped }).table
          skipped = step(reportsOf(visit), { ...options, table: skipped, epoch }).table
          stepped = step(reportsOf(visit), { ...options, table: stepped, epoch }).table
          assert.deepEqual(bytes(skipped), bytes(stepped))
        }
      }),
      { numRuns: 60 },
    )
  })

  it('behavior: a neutral epoch pays what the mean was, years later too, and never more than all', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 6, 144),
        visits(1, [0]),
        fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 1, maxLength: 4 }),
        (epochsPerDay, all, idleDays) => {
          const options = { params: { ...TEST_PARAMS, epochsPerDay, minReports: 1 }, units: testUnits(0), n: N }
          let table = createUnitTable()
          for (const visit of all) table = step(reportsOf(visit), { ...options, table }).table
          // The open day weighs more than those before it until it closes.
          table = step([], { ...options, table, epoch: table.epoch + epochsPerDay }).table
          const before = neutralBps(table, 0)
          for (const days of idleDays) {
            const sum = table.paidBpsSum[0]!
            const epoch = table.epoch + days * epochsPerDay
            const next = step([], { ...options, table, epoch })
            table = next.table
            assert.ok(
              next.paidBps[0]! <= before && next.paidBps[0]! > before - 10,
              `${next.paidBps[0]} after ${before}`,
            )
            assert.ok(table.paidBpsSum[0]! - sum <= before * days * epochsPerDay)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('behavior: more successes never lower a score across gaps, challenges included', () => {
    fc.assert(
      fc.property(visits(60, [0, 3]), fc.infiniteStream(fc.boolean()), (worse, flips) => {
        const options = { params: { ...TEST_PARAMS, epochsPerDay: 4 }, units: testUnits(3), n: N }
        let [low, high] = [createUnitTable(), createUnitTable()]
        for (const visit of worse) {
          const epoch = low.epoch + visit.gap
          const better = { ...visit, good: visit.good.map((ok) => ok || flips.next().value === true) }
          low = step(reportsOf(visit), { ...options, table: low, epoch }).table
          high = step(reportsOf(better), { ...options, table: high, epoch }).table
          assert.ok(high.scoreBps[0]! >= low.scoreBps[0]!, `epoch ${epoch}`)
        }
      }),
      { numRuns: 150 },
    )
  })
})
