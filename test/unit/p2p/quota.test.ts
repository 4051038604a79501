import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createQuota, type QuotaOptions } from '../../../src/p2p/quota.ts'

function quotaOf(changes: Partial<QuotaOptions> = {}) {
  const time = { now: 0 }
  const options = { perSecond: 2, burst: 4, concurrentPeer: 100, concurrentTotal: 100, maxKeys: 100 }
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

  it('behavior: buckets are bounded; whoever was quiet for longest starts afresh', () => {
    const { quota } = quotaOf({ burst: 1, maxKeys: 2 })
    for (const peer of ['a', 'b', 'c']) assert.equal(quota.enter(peer), undefined)
    assert.equal(quota.enter('c'), 'rate')
    assert.equal(quota.enter('a'), undefined)
  })

  it('behavior: a clock that goes back gives nothing', () => {
    const { quota, time } = quotaOf({ burst: 1 })
    quota.enter('a')
    time.now -= 10_000
    assert.equal(quota.enter('a'), 'rate')
  })
})
