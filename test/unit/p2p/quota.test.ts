import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createQuota, type QuotaOptions } from '../../../src/p2p/quota.ts'

function quotaOf(changes: Partial<QuotaOptions> = {}) {
  const time = { now: 0 }
  const options = { perSecond: 2, burst: 4, concurrentPeer: 100, concurrentTotal: 100, maxPeers: 100 }
  return { time, quota: createQuota({ ...options, ...changes, now: () => time.now }) }
}

describe('createQuota', () => {
  it('default', () => {
    const { quota, time } = quotaOf()
    const outcomes = Array.from({ length: 5 }, () => quota.enter('a'))
    assert.deepEqual(outcomes, [undefined, undefined, undefined, undefined, 'rate'])
    time.now += 500
    assert.equal(quota.enter('a'), undefined)
    assert.equal(quota.enter('a'), 'rate')
  })

  it('behavior: peers do not share a rate', () => {
    const { quota } = quotaOf({ burst: 1 })
    assert.equal(quota.enter('a'), undefined)
    assert.equal(quota.enter('b'), undefined)
    assert.equal(quota.enter('a'), 'rate')
  })

  it('behavior: what runs at once is bounded per peer and in total', () => {
    const { quota } = quotaOf({ burst: 50, concurrentPeer: 2, concurrentTotal: 3 })
    assert.equal(quota.enter('a'), undefined)
    assert.equal(quota.enter('a'), undefined)
    assert.equal(quota.enter('a'), 'concurrency-peer')
    assert.equal(quota.enter('b'), undefined)
    assert.equal(quota.enter('b'), 'concurrency-total')
    quota.leave('a')
    assert.equal(quota.enter('b'), undefined)
  })

  it('behavior: leaving twice gives one place back', () => {
    const { quota } = quotaOf({ burst: 50, concurrentTotal: 1 })
    quota.enter('a')
    quota.leave('a')
    quota.leave('a')
    quota.enter('a')
    assert.equal(quota.enter('b'), 'concurrency-total')
  })

  it('behavior: buckets are bounded, and a busy peer is not forgotten', () => {
    const { quota } = quotaOf({ burst: 1, maxPeers: 2 })
    quota.enter('busy')
    for (const peer of ['b', 'c', 'd', 'e']) {
      quota.enter(peer)
      quota.leave(peer)
    }
    assert.equal(quota.enter('busy'), 'rate')
    // "b" was forgotten, so it has a whole burst again.
    assert.equal(quota.enter('b'), undefined)
  })

  it('behavior: a clock that goes back gives nothing', () => {
    const { quota, time } = quotaOf({ burst: 1 })
    quota.enter('a')
    time.now -= 10_000
    assert.equal(quota.enter('a'), 'rate')
  })
})
