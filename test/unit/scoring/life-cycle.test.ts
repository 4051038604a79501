import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UNIT_STATES } from '../../../src/core/units.ts'
import type { EpochReport } from '../../../src/scoring/evaluation.ts'
import { STATE_REASONS } from '../../../src/scoring/life-cycle.ts'
import { createUnitTable, type UnitTable } from '../../../src/scoring/unit-table.ts'
import { report, step, TEST_PARAMS, testUnits, votes } from './fixture.ts'

const DAY = 10
/** Its days close at the last epoch of each ten. */
const UNITS = testUnits(9)

/** State and reason after each change, over `days` days. */
function lifeOf(
  days: number,
  reportsOf: (day: number, epoch: number) => readonly EpochReport[],
  units = UNITS,
): string[] {
  const seen: string[] = []
  let table: UnitTable = createUnitTable()
  for (let epoch = 0; epoch < days * DAY; epoch++) {
    const reports = reportsOf(Math.floor(epoch / DAY), epoch)
    table = step(reports, { table, units, params: { ...TEST_PARAMS, epochsPerDay: DAY } }).table
    const now = `${UNIT_STATES[table.state[0]!]}: ${STATE_REASONS[table.stateReason[0]!]}`
    if (seen.at(-1) !== now) seen.push(now)
  }
  return seen
}

const good = votes(9)
const bad = votes(9, 9)
/** Eight good epochs and two bad ones that don't follow one another: 80 %, no outage. */
const poorDay = (epoch: number) => (epoch % DAY === 3 || epoch % DAY === 6 ? bad : good)

describe('life cycle', () => {
  it('default: vetted by the first good epoch, active after a good day', () => {
    assert.deepEqual(
      lifeOf(2, () => good),
      ['Vetting: vetted', 'Active: good-day'],
    )
  })

  it('behavior: writes that fail in majority keep a unit from being vetted', () => {
    const unwritable = Array.from({ length: 9 }, (_, i) =>
      report(i, [{}, { task: 'write', outcome: i < 5 ? 'access-denied' : 'ok' }]),
    )
    assert.deepEqual(
      lifeOf(2, () => unwritable),
      ['Pending: registered'],
    )
  })

  it('behavior: bad days warn, three more suspend, good days bring it back by way of probation', () => {
    const life = lifeOf(16, (day, epoch) => (day >= 2 && day < 6 ? poorDay(epoch) : good))
    assert.deepEqual(life.slice(1), [
      'Active: good-day',
      'Warned: availability-below-terms',
      'Suspended: bad-days',
      'Probation: recovering',
      'Active: good-days',
    ])
  })

  it('behavior: three good days lift a warning, a bad day ends a probation', () => {
    const warned = lifeOf(7, (day, epoch) => (day === 2 ? poorDay(epoch) : good))
    assert.deepEqual(warned.slice(2), ['Warned: availability-below-terms', 'Active: good-days'])
    const relapse = lifeOf(10, (day, epoch) => ((day >= 2 && day < 6) || day === 8 ? poorDay(epoch) : good))
    assert.deepEqual(relapse.slice(4), [
      'Probation: recovering',
      'Suspended: availability-below-terms',
      'Probation: recovering',
    ])
  })

  it('behavior: after a loss it takes seven good days to be tried again', () => {
    const losing = Array.from({ length: 9 }, (_, i) =>
      report(i, [{}, { task: 'integrity', outcome: 'object-missing' }]),
    )
    const withLoss = (epoch: number) => (epoch === 25 ? losing : good)
    assert.equal(lifeOf(8, (_, epoch) => withLoss(epoch)).at(-1), 'Suspended: data-lost')
    assert.equal(lifeOf(9, (_, epoch) => withLoss(epoch)).at(-1), 'Probation: recovering')
  })

  it('behavior: a unit that promises no availability is to have 96 % all the same', () => {
    const unpromised = testUnits(9)
    unpromised.availabilityPpm[0] = 0
    const life = lifeOf(4, (day, epoch) => (day === 2 ? poorDay(epoch) : good), unpromised)
    assert.equal(life.at(-1), 'Warned: availability-below-terms')
  })

  it('behavior: seven good days count from the latest loss', () => {
    const losing = Array.from({ length: 9 }, (_, i) => report(i, [{}, { task: 'integrity', outcome: 'wrong-length' }]))
    const twice = (epoch: number) => (epoch === 25 || epoch === 75 ? losing : good)
    assert.equal(lifeOf(13, (_, epoch) => twice(epoch)).at(-1), 'Suspended: data-lost')
    assert.equal(lifeOf(14, (_, epoch) => twice(epoch)).at(-1), 'Probation: recovering')
  })

  it('behavior: the 30 days before a removal are days of suspension, not of the warning before it', () => {
    // Every third day is bad: a warning that neither three good nor three bad days end. Then three bad ones.
    const life = lifeOf(52, (day, epoch) =>
      (day >= 2 && day < 40 && day % 3 === 2) || (day >= 41 && day < 44) ? poorDay(epoch) : good,
    )
    assert.deepEqual(life.slice(2), [
      'Warned: availability-below-terms',
      'Suspended: bad-days',
      'Probation: recovering',
      'Active: good-days',
    ])
  })

  it('behavior: a unit that is never vetted, or stays suspended, is removed after 30 days, for good', () => {
    assert.deepEqual(lifeOf(32, () => bad).slice(-1), ['Removed: never-vetted'])
    const abandoned = lifeOf(40, (day) => (day < 2 ? good : day < 38 ? bad : good))
    assert.deepEqual(abandoned.slice(-2), ['Suspended: outage', 'Removed: abandoned'])
  })
})
