/** The versioned map against a plain model: a list of all writes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { VersionedMap } from '../../../../src/chain/projection/versioned-map.ts'

describe('VersionedMap', () => {
  it('default', () => {
    const map = new VersionedMap<string>()
    map.set('a', 1, 'x')
    map.set('a', 3, 'y')
    map.set('b', 3, 'z')
    assert.deepEqual(
      [0, 1, 2, 3, 9].map((block) => map.get('a', block)),
      [undefined, 'x', 'x', 'y', 'y'],
    )
    assert.deepEqual([...map.entries(2)], [['a', 'x']])
    map.rollback(2)
    assert.equal(map.get('a'), 'x')
    assert.equal(map.get('b'), undefined)
    assert.equal(map.size, 1)
  })

  it('behavior: pruning tells what changed, once, and keeps every later block', () => {
    const map = new VersionedMap<number>()
    map.set('a', 1, 1)
    map.set('b', 2, 2)
    map.set('a', 4, 4)
    assert.deepEqual(
      [...map.prune(2)],
      [
        ['a', 1],
        ['b', 2],
      ],
    )
    assert.deepEqual([...map.prune(3)], [])
    assert.equal(map.get('a', 3), 1)
    assert.deepEqual([...map.prune(4)], [['a', 4]])
    map.rollback(4)
    assert.equal(map.get('a'), 4)
  })

  it('behavior: equals a list of all writes, whatever is written, undone and pruned', () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('set' as const), key: fc.nat(4), ahead: fc.nat(2) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('rollback' as const), back: fc.nat(4) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('prune' as const), back: fc.nat(6) }) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const map = new VersionedMap<number>()
        let writes: { key: string; block: number; value: number }[] = []
        const settled = new Map<string, number>()
        let block = 0
        let pruned = -1
        let value = 0
        for (const s of steps) {
          if (s.kind === 'set') {
            // What is settled is not written to any more.
            block = Math.max(block + s.ahead, pruned + 1)
            value++
            map.set(String(s.key), block, value)
            writes.push({ key: String(s.key), block, value })
          } else if (s.kind === 'rollback') {
            block = Math.max(pruned, block - s.back, 0)
            map.rollback(block)
            writes = writes.filter((w) => w.block <= block)
          } else {
            pruned = Math.max(pruned, block - s.back)
            for (const [key, v] of map.prune(pruned)) settled.set(key, v)
          }
        }
        for (let at = Math.max(pruned, 0); at <= block; at++)
          for (const key of ['0', '1', '2', '3', '4'])
            assert.equal(map.get(key, at), writes.findLast((w) => w.key === key && w.block <= at)?.value)
        for (const key of ['0', '1', '2', '3', '4'])
          assert.equal(settled.get(key), writes.findLast((w) => w.key === key && w.block <= pruned)?.value)
      }),
    )
  })

  it('error: blocks that go backwards', () => {
    const map = new VersionedMap<number>()
    map.set('a', 5, 1)
    assert.throws(() => map.set('a', 4, 2), RangeError)
  })
})
