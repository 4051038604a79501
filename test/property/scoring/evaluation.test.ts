/** What must hold for any observations whatever. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ObservationColumns } from '../../../src/core/observations.ts'
import { consumerAdjustmentBps } from '../../../src/scoring/consumer-reports.ts'
import type { EpochReport } from '../../../src/scoring/evaluation.ts'
import { decodeRow, encodeRow, recordHash, reportersDigest } from '../../../src/scoring/record-codec.ts'
import { createUnitTable, type UnitTable } from '../../../src/scoring/unit-table.ts'
import { report, reporter, step, TEST_PARAMS, testUnits } from '../../unit/scoring/fixture.ts'
import { median } from './reference.ts'

const PARAMS = { ...TEST_PARAMS, epochsPerDay: 4 }
const EPOCHS = 26
const REPORTERS = 11

/** [epoch][reporter]: whether the reporter saw the unit serve; undefined = no report. */
type History = (boolean | undefined)[][]

const history = (weightGood: number): fc.Arbitrary<History> =>
  fc.array(
    fc.array(
      fc.oneof(
        { weight: weightGood, arbitrary: fc.constant(true) },
        { weight: 2, arbitrary: fc.constant(false) },
        { weight: 1, arbitrary: fc.constant(undefined) },
      ),
      { minLength: REPORTERS, maxLength: REPORTERS },
    ),
    { minLength: EPOCHS, maxLength: EPOCHS, size: 'max' },
  )

function play(h: History, observer?: (table: UnitTable, epoch: number) => void): UnitTable {
  let table = createUnitTable()
  h.forEach((votes, epoch) => {
    const reports = votes.flatMap((good, i) =>
      good === undefined ? [] : [report(i, [{ outcome: good ? 'ok' : 'http-5xx' }])],
    )
    table = step(reports, { table, epoch, params: PARAMS, units: testUnits(3) }).table
    observer?.(table, epoch)
  })
  return table
}

const scalar = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const anyColumns: fc.Arbitrary<ObservationColumns> = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.nat(255), fc.nat(255), scalar, scalar), { maxLength: 12 })
  .map((rows) => ({
    unit: Uint32Array.from(rows, (row) => row[0]),
    task: Uint8Array.from(rows, (row) => row[1] % 6),
    outcome: Uint8Array.from(rows, (row) => row[2] % 100),
    ttfbMs: Uint32Array.from(rows, (row) => row[3]),
    kbps: Uint32Array.from(rows, (row) => row[4]),
  }))

function assertSound(table: UnitTable): void {
  for (const column of Object.values(table)) {
    if (!ArrayBuffer.isView(column)) continue
    for (const value of column as unknown as Float64Array)
      assert.ok(Number.isSafeInteger(value) && value >= -1, `${value} in a column`)
  }
  for (const score of table.scoreBps) assert.ok(score <= 10_000)
}

describe('evaluation, for any observations', () => {
  it('behavior: more successes never lower a score, at no epoch', () => {
    fc.assert(
      fc.property(fc.constantFrom(3, 20, 100).chain(history), fc.infiniteStream(fc.boolean()), (worse, flips) => {
        const better = worse.map((votes) =>
          votes.map((good) => (good === false && flips.next().value === true ? true : good)),
        )
        const scores: number[] = []
        play(worse, (table) => scores.push(table.scoreBps[0]!))
        play(better, (table, epoch) => assert.ok(table.scoreBps[0]! >= scores[epoch]!, `epoch ${epoch}`))
      }),
      { numRuns: 300 },
    )
  })

  it('behavior: the order of the reports makes no difference', () => {
    fc.assert(
      fc.property(fc.array(anyColumns, { minLength: 2, maxLength: 12 }), fc.infiniteStream(fc.nat()), (all, order) => {
        const reports: EpochReport[] = all.map((columns, i) => ({ reporter: reporter(i), columns }))
        const shuffled = reports
          .map((r) => ({ r, key: order.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ r }) => r)
        assert.deepEqual(step(shuffled, { units: testUnits(0, 1, 2) }), step(reports, { units: testUnits(0, 1, 2) }))
      }),
      { numRuns: 200 },
    )
  })

  it("behavior: one reporter moves availability no further than between the others' middle rates", () => {
    fc.assert(
      fc.property(
        history(8),
        fc.array(fc.option(fc.boolean()), { minLength: EPOCHS, maxLength: EPOCHS }),
        (h, liar) => {
          const lied = h.map((votes, epoch) => [liar[epoch] ?? undefined, ...votes.slice(1)])
          const table = play(lied)
          const rates = honestRates(table)
          if (rates.length < PARAMS.minReports) return
          const low = median([0, ...rates])
          const high = median([1_000_000, ...rates])
          const got = table.availabilityPpm[0]!
          // Without any report of the liar the median is the others' own.
          assert.ok((got >= low && got <= high) || got === median(rates), `${got} outside ${low} … ${high}`)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('behavior: one consumer moves the score by half a percent, all of them by ten', () => {
    const consumer = fc.record({
      feesPaid: fc.bigInt({ min: 0n, max: 2n ** 128n }),
      ratingBps: fc.integer({ min: -20_000, max: 20_000 }),
    })
    fc.assert(
      fc.property(fc.array(consumer, { minLength: 1, maxLength: 40 }), fc.integer(), (reports, other) => {
        const before = consumerAdjustmentBps(reports)
        const after = consumerAdjustmentBps([{ ...reports[0]!, ratingBps: other }, ...reports.slice(1)])
        assert.ok(Math.abs(before) <= 1_000)
        assert.ok(Math.abs(after - before) <= 101, `${before} → ${after}`)
      }),
    )
  })

  it('behavior: any rows, terms and extremes leave integers below 2^53 and scores up to 10 000', () => {
    const units = testUnits(0, 1, 2)
    fc.assert(
      fc.property(
        fc.array(anyColumns, { maxLength: 12 }),
        fc.array(scalar, { minLength: 12, maxLength: 12 }),
        (all, terms) => {
          for (const [i, name] of (['availabilityPpm', 'ttfbP95Ms', 'downP10Kbps', 'upP10Kbps'] as const).entries())
            units[name].set(terms.slice(i * 3, i * 3 + 3))
          const reports = all.map((columns, i): EpochReport => ({ reporter: reporter(i), columns }))
          const params = { ...PARAMS, minReports: 1, ttfbClaimSamples: 1, ttfbEnforceSamples: 1, epochsPerDay: 2 }
          let table = step(reports, { units, params }).table
          for (const name of ['counters', 'ttfb'] as const) table[name].fill(65_535)
          table.small.fill(255)
          for (const name of ['slowSuccess', 'slowFailure', 'integritySuccess', 'integrityFailure'] as const)
            table[name].fill(2 ** 44)
          table.fastSuccess.fill(2 ** 40)
          for (let i = 0; i < 3; i++) table = step(reports, { units, params, table }).table
          assertSound(table)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('behavior: a row survives its own encoding, and its hash changes with it', () => {
    fc.assert(
      fc.property(fc.array(anyColumns, { minLength: 1, maxLength: 20 }), (all) => {
        const units = testUnits(0, 1, 2)
        let table = createUnitTable()
        for (let i = 0; i < 5; i++)
          table = step(
            all.map((columns, k) => ({ reporter: reporter(k), columns })),
            { table, units },
          ).table
        const digest = reportersDigest(table.reporters)
        const copy = createUnitTable(table.count, table.slots, table.reporters)
        copy.epoch = table.epoch
        copy.ids.set(table.ids)
        for (let row = 0; row < table.count; row++) decodeRow(copy, row, digest, encodeRow(table, row, digest))
        assert.deepEqual(copy, table)
        const before = recordHash(table, 1, digest)
        copy.fastFailure[1]!++
        assert.notDeepEqual(recordHash(copy, 1, digest), before)
      }),
      { numRuns: 100 },
    )
  })
})

/** Rates of everybody but reporter 0 over both days, in the table's own counters. */
function honestRates(table: UnitTable): number[] {
  return table.reporters.addresses.flatMap((address, slot) => {
    if (address === reporter(0)) return []
    const [prevAttempts, prevGood, attempts, good] = table.counters.slice(slot * 8, slot * 8 + 4)
    const all = prevAttempts! + attempts!
    return all === 0 ? [] : [Math.floor(((prevGood! + good!) * 1_000_000) / all)]
  })
}
