import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Assignment, probeInstantMs } from '../../../src/oracle/assignment.ts'
import {
  BatchError,
  batchHash,
  decodeBatch,
  encodeBatch,
  maxBatchBytes,
  toColumns,
  withoutVoid,
} from '../../../src/oracle/batch.ts'
import { address, EPOCH, oracles, unit, word } from './fixture.ts'

const ok = { outcome: 'ok', ttfbMs: 12, kbps: 900 } as const

describe('batch', () => {
  it('default', () => {
    const columns = toColumns([
      { unit: 4, task: 'read', result: { outcome: 'wrong-content', ttfbMs: 7, kbps: 0 } },
      { unit: 1, task: 'invoke', result: ok },
      { unit: 1, task: 'read', result: ok },
    ])
    const bytes = encodeBatch(columns)
    assert.deepEqual(decodeBatch(bytes, 5), columns)
    assert.deepEqual([...columns.unit], [1, 1, 4])
    assert.deepEqual([...columns.task], [0, 4, 0])
    assert.ok(bytes.length <= maxBatchBytes(5))
  })

  it('behavior: the order of the rows does not matter, values are clamped', () => {
    const rows = [2, 0, 1].map((u) => ({ unit: u, task: 'read' as const, result: { ...ok, kbps: 2 ** 40 } }))
    assert.equal(batchHash(encodeBatch(toColumns(rows))), batchHash(encodeBatch(toColumns(rows.toReversed()))))
    assert.equal(toColumns(rows).kbps[0], 2 ** 32 - 1)
  })

  it('error: wrong length, order, unit, task, outcome', () => {
    const columns = toColumns([0, 1].map((u) => ({ unit: u, task: 'read' as const, result: ok })))
    const bytes = encodeBatch(columns)
    const refused = (change: (b: Uint8Array) => Uint8Array, units = 2) =>
      assert.throws(() => decodeBatch(change(bytes.slice()), units), BatchError)
    refused((b) => b.slice(0, -1))
    refused((b) => Uint8Array.from([...b, 0]))
    refused((b) => b.fill(2, 0, 1))
    refused((b) => b, 1)
    refused(() => encodeBatch({ ...columns, unit: Uint32Array.of(1, 0) }))
    refused(() => encodeBatch({ ...columns, unit: Uint32Array.of(1, 1) }))
    refused(() => encodeBatch({ ...columns, task: Uint8Array.of(0, 5) }))
    refused(() => encodeBatch({ ...columns, outcome: Uint8Array.of(0, 63) }))
  })
})

describe('assignment', () => {
  it('default', () => {
    const set = oracles(4, [unit(1), unit(2, { operator: address(101) }), unit(3, { kind: 'function' })])
    const assigned = (i: number) => {
      const assignment = new Assignment(set.facts, set.facts.set.seats[i]!, set.secretOf(i))
      return set.facts.units.map((u, k) => [
        assignment.includes(k),
        assignment.owes(k, 0),
        assignment.owes(k, 4),
        u.operator,
      ])
    }
    // Everyone while n ≤ K, but for the units of one's own operator; functions are invoked, the rest is read.
    for (const [included, , , operator] of assigned(1)) assert.equal(included, operator !== address(101))
    for (const [included] of assigned(0)) assert.equal(included, true)
    const kinds = set.facts.units.map((u) => u.terms.kind === 'function')
    assert.deepEqual(
      assigned(0).map(([, read]) => read),
      kinds.map((isFunction) => !isFunction),
    )
    assert.deepEqual(
      assigned(0).map(([, , invoked]) => invoked),
      kinds,
    )
  })

  it('behavior: void rows are left out, the rest stays', () => {
    const set = oracles(4, [unit(1), unit(2, { operator: address(101) }), unit(3)])
    const all = toColumns([0, 1, 2].map((u) => ({ unit: u, task: 'read' as const, result: ok })))
    const kept = (i: number) => [
      ...withoutVoid(all, new Assignment(set.facts, set.facts.set.seats[i]!, set.secretOf(i))).unit,
    ]
    const own = set.facts.units.findIndex((u) => u.operator === address(101))
    assert.deepEqual(kept(0), [0, 1, 2])
    assert.deepEqual(
      kept(1),
      [0, 1, 2].filter((u) => u !== own),
    )
  })

  it('behavior: instants lie inside the window and spread over it', () => {
    const clock = { genesis: 1000, epochSeconds: 600 }
    const start = (1000 + EPOCH * 600) * 1000
    const instants = Array.from({ length: 400 }, (_, i) => probeInstantMs(clock, EPOCH, word(i)) - start)
    assert.ok(Math.min(...instants) >= 15_000 && Math.max(...instants) <= 255_000)
    const mean = instants.reduce((sum, x) => sum + x, 0) / instants.length
    // Uniform over 240 s: the mean of 400 has a standard deviation of 3.5 s.
    assert.ok(Math.abs(mean - 135_000) < 15_000, `${mean}`)
  })
})
