import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createHeld, type HeldMessage } from '../../../src/p2p/held.ts'

const message = (topic: string, first: number): HeldMessage => ({ topic, data: Uint8Array.of(first) })

function heldOf(messages = 3) {
  const time = { now: 0 }
  const dropped: number[] = []
  const held = createHeld({ limits: { messages, ageMs: 100 }, now: () => time.now }, ({ data }) =>
    dropped.push(data[0]!),
  )
  const take = (...topics: string[]) => held.take((topic) => topics.includes(topic)).map(({ data }) => data[0])
  return { time, dropped, held, take }
}

describe('createHeld', () => {
  it('default', () => {
    const { held, take } = heldOf()
    held.add(message('a', 1))
    held.add(message('b', 2))
    held.add(message('a', 3))
    assert.deepEqual(take('a'), [1, 3])
    assert.deepEqual(take('a', 'b'), [2])
    assert.deepEqual(take('a', 'b'), [])
  })

  it('behavior: the oldest is dropped when there are too many', () => {
    const { held, take, dropped } = heldOf(2)
    for (const n of [1, 2, 3]) held.add(message('a', n))
    assert.deepEqual(dropped, [1])
    assert.deepEqual(take('a'), [2, 3])
  })

  it('behavior: too old ones are not sent', () => {
    const { held, take, dropped, time } = heldOf()
    held.add(message('a', 1))
    time.now = 50
    held.add(message('a', 2))
    time.now = 100
    assert.deepEqual(take('a'), [2])
    assert.deepEqual(dropped, [1])
  })
})
