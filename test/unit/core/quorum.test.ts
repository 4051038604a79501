/** Quorum arithmetic: the properties it exists for, for every allowed n. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_ORACLES, MIN_ORACLES, maxFaulty, quorumOf } from '../../../src/core/quorum.ts'

describe('quorumOf', () => {
  it('default', () => {
    const table = [4, 5, 6, 7, 10, 13, 31].map((n) => [n, maxFaulty(n), quorumOf(n)])
    assert.deepEqual(table, [
      [4, 1, 3],
      [5, 1, 4],
      [6, 1, 4],
      [7, 2, 5],
      [10, 3, 7],
      [13, 4, 9],
      [31, 10, 21],
    ])
  })

  it('behavior: two quorums share an honest node, and the honest ones alone make a quorum', () => {
    for (let n = MIN_ORACLES; n <= MAX_ORACLES; n++) {
      const f = maxFaulty(n)
      const quorum = quorumOf(n)
      assert.ok(3 * f < n)
      assert.ok(2 * quorum - n > f, `n = ${n}: overlap`)
      assert.ok(2 * (quorum - 1) - n <= f, `n = ${n}: not larger than needed`)
      assert.ok(quorum <= n - f, `n = ${n}: reachable`)
    }
  })
})
