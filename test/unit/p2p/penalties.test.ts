import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createPenalties, MALFORMED_POINTS } from '../../../src/p2p/penalties.ts'
import { THRESHOLDS } from '../../../src/p2p/score-params.ts'

describe('createPenalties', () => {
  it('default', () => {
    const time = { now: 0 }
    const penalties = createPenalties(10, () => time.now)
    assert.equal(Math.abs(penalties.score('a')), 0)
    penalties.add('a', 8)
    assert.equal(penalties.score('a'), -8)
    time.now += 60_000
    assert.equal(penalties.score('a'), -4)
    penalties.add('a', 2)
    assert.equal(penalties.score('a'), -6)
  })

  it('behavior: a few malformed frames are survived, eight at once are not', () => {
    const penalties = createPenalties(10, () => 0)
    for (let i = 0; i < 3; i++) penalties.add('a', MALFORMED_POINTS)
    assert.ok(penalties.score('a') > THRESHOLDS.gossipThreshold)
    for (let i = 3; i < 8; i++) penalties.add('a', MALFORMED_POINTS)
    // 10 is the most that good behaviour is worth.
    assert.ok(penalties.score('a') + 10 < THRESHOLDS.graylistThreshold)
  })

  it('behavior: the ledger is bounded; whoever was blamed longest ago is forgotten', () => {
    const penalties = createPenalties(2, () => 0)
    for (const peer of ['a', 'b', 'a', 'c']) penalties.add(peer, 1)
    assert.deepEqual(
      ['a', 'b', 'c'].map((peer) => Math.abs(penalties.score(peer))),
      [2, 0, 1],
    )
  })
})
