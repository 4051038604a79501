import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createTopicQueue } from '../../../src/p2p/topic-queue.ts'

/** A queue whose work ends when told. */
function queueOf(capacity: number, concurrency: number) {
  const started: number[] = []
  const dropped: number[] = []
  const ends: (() => void)[] = []
  const queue = createTopicQueue<number>(
    { capacity, concurrency },
    (item) => {
      started.push(item)
      return new Promise((resolve) => ends.push(resolve))
    },
    (item) => dropped.push(item),
  )
  /** Ends the work that began longest ago and lets the next one begin. */
  const finishOne = async () => {
    ends.shift()!()
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  return { queue, started, dropped, finishOne }
}

describe('createTopicQueue', () => {
  it('default', async () => {
    const { queue, started, dropped, finishOne } = queueOf(10, 1)
    for (const item of [1, 2, 3]) queue.push(item)
    assert.deepEqual(started, [1])
    assert.equal(queue.length, 2)
    await finishOne()
    await finishOne()
    assert.deepEqual(started, [1, 2, 3])
    assert.deepEqual(dropped, [])
  })

  it('behavior: no more at once than allowed', () => {
    const { queue, started } = queueOf(10, 3)
    for (let i = 0; i < 5; i++) queue.push(i)
    assert.deepEqual(started, [0, 1, 2])
  })

  it('behavior: the oldest one waiting makes room', async () => {
    const { queue, started, dropped, finishOne } = queueOf(2, 1)
    for (const item of [1, 2, 3, 4, 5]) queue.push(item)
    assert.deepEqual(dropped, [2, 3])
    assert.equal(queue.length, 2)
    await finishOne()
    await finishOne()
    assert.deepEqual(started, [1, 4, 5])
  })

  it('behavior: order holds over thousands', async () => {
    const seen: number[] = []
    const all = Promise.withResolvers<void>()
    const queue = createTopicQueue<number>(
      { capacity: 10_000, concurrency: 1 },
      async (item) => {
        seen.push(item)
        if (seen.length === 5_000) all.resolve()
      },
      () => assert.fail('nothing has to be dropped'),
    )
    for (let i = 0; i < 5_000; i++) queue.push(i)
    await all.promise
    assert.deepEqual(
      seen,
      Array.from({ length: 5_000 }, (_, i) => i),
    )
  })

  it('behavior: after closing nothing begins', async () => {
    const { queue, started, finishOne } = queueOf(10, 1)
    for (const item of [1, 2]) queue.push(item)
    queue.close()
    queue.push(3)
    await finishOne()
    assert.deepEqual(started, [1])
    assert.equal(queue.length, 0)
  })
})
