/** The simulation's disk passes the suite that LevelDB passes, and loses in a crash what it may lose and nothing else. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Random } from '../../sim/twins/random.ts'
import { SimDisk } from '../../sim/twins/store.ts'
import { VirtualTime } from '../../sim/twins/time.ts'
import { suite } from '../key-value-store.suite.ts'

function disk(seed: string): SimDisk {
  return new SimDisk({ time: new VirtualTime(0), random: new Random(seed), syncMs: 0 })
}

suite('simulated disk', async () => {
  const made = disk('suite')
  return { store: made.open().store, reopen: async () => made.open().store, close: async () => {} }
})

const put = (key: string) => ({ type: 'put' as const, key, value: Uint8Array.of(1) })

describe('simulated disk: crash', () => {
  it('behavior: a synchronous write and everything before it survive, later ones are a prefix', async () => {
    const lengths = new Set<number>()
    for (let seed = 0; seed < 40; seed++) {
      const made = disk(`crash-${seed}`)
      const { store } = made.open()
      await store.batch([put('a')])
      await store.batch([put('b')], { sync: true })
      for (const key of ['c', 'd', 'e']) await store.batch([put(key)])
      made.crash()
      const keys = [...made.contents().keys()]
      assert.deepEqual(keys, ['a', 'b', 'c', 'd', 'e'].slice(0, keys.length))
      assert.ok(keys.length >= 2)
      lengths.add(keys.length)
    }
    assert.equal(lengths.size, 4, 'every prefix happened')
  })

  it('behavior: a batch is torn from its neighbours, never in itself', async () => {
    for (let seed = 0; seed < 40; seed++) {
      const made = disk(`batch-${seed}`)
      await made.open().store.batch([put('a'), put('b')])
      made.crash()
      assert.ok([0, 2].includes(made.contents().size))
    }
  })

  it('error: a read-only disk refuses the write', async () => {
    const made = disk('read-only')
    made.readOnly = true
    await assert.rejects(made.open().store.batch([put('a')], { sync: true }), /read-only/)
  })
})
