/** Acceptance suite of the `KeyValueStore` port: LevelDB and the simulation's twin both pass it. */
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { KeyValueStore } from '../../src/core/ports/key-value-store.ts'

export interface KeyValueStoreFixture {
  store: KeyValueStore
  /** Closes the store and opens the same data again. */
  reopen(): Promise<KeyValueStore>
  /** Releases everything. */
  close(): Promise<void>
}

const bytes = (...values: number[]) => Uint8Array.from(values)
const put = (key: string, ...values: number[]) => ({ type: 'put' as const, key, value: bytes(...values) })
const del = (key: string) => ({ type: 'del' as const, key })

async function keysOf(store: KeyValueStore, range: Parameters<KeyValueStore['entries']>[0] = {}): Promise<string[]> {
  const keys: string[] = []
  for await (const [key] of store.entries(range)) keys.push(key)
  return keys
}

export function suite(name: string, factory: () => Promise<KeyValueStoreFixture>): void {
  describe(`key-value store: ${name}`, () => {
    let fixture: KeyValueStoreFixture | undefined
    const open = async () => {
      fixture = await factory()
      return fixture.store
    }
    afterEach(async () => {
      await fixture?.close()
      fixture = undefined
    })

    it('default', async () => {
      const store = await open()
      await store.batch([put('a', 1, 2, 3)])
      assert.deepEqual(Uint8Array.from((await store.get('a')) ?? []), bytes(1, 2, 3))
    })

    it('behavior: a key that is not there is undefined, an empty value is not', async () => {
      const store = await open()
      await store.batch([put('empty')])
      assert.equal(await store.get('missing'), undefined)
      assert.equal((await store.get('empty'))?.length, 0)
    })

    it('behavior: later operations of a batch win, and delete removes', async () => {
      const store = await open()
      await store.batch([put('a', 1), put('b', 1)])
      await store.batch([put('a', 2), del('b'), put('a', 3), del('never-there')])
      assert.deepEqual(Uint8Array.from((await store.get('a')) ?? []), bytes(3))
      assert.equal(await store.get('b'), undefined)
    })

    it('behavior: entries come in the order of UTF-8 bytes, not of UTF-16 units', async () => {
      const store = await open()
      // U+FF5E sorts after U+1F600 by UTF-16 code units (its surrogates begin with D83D) and before it by UTF-8 bytes.
      const keys = ['Z', 'a', 'a/1', 'a0', 'é', '\uff5e', '\u{1f600}']
      await store.batch([...keys].reverse().map((key) => put(key, 7)))
      assert.deepEqual(await keysOf(store), keys)
    })

    it('behavior: range bounds, limit and reverse', async () => {
      const store = await open()
      await store.batch(['a', 'b', 'c', 'd', 'e'].map((key) => put(key, 1)))
      assert.deepEqual(await keysOf(store, { gte: 'b', lt: 'd' }), ['b', 'c'])
      assert.deepEqual(await keysOf(store, { gte: 'b', limit: 2 }), ['b', 'c'])
      assert.deepEqual(await keysOf(store, { gte: 'b', lt: 'e', reverse: true, limit: 2 }), ['d', 'c'])
      assert.deepEqual(await keysOf(store, { gte: 'x' }), [])
    })

    it('behavior: an iteration sees one moment, whatever is written meanwhile', async () => {
      const store = await open()
      await store.batch([put('a', 1), put('b', 1)])
      const seen: [string, number][] = []
      for await (const [key, value] of store.entries({})) {
        if (seen.length === 0) await store.batch([put('b', 2), put('c', 2)])
        seen.push([key, value[0] ?? -1])
      }
      assert.deepEqual(seen, [
        ['a', 1],
        ['b', 1],
      ])
    })

    it('behavior: leaving an iteration early releases it', async () => {
      const store = await open()
      await store.batch(['a', 'b', 'c'].map((key) => put(key, 1)))
      for await (const [key] of store.entries({})) {
        assert.equal(key, 'a')
        break
      }
      assert.deepEqual(await keysOf(store), ['a', 'b', 'c'])
    })

    it('behavior: changing an array after it was written or read changes nothing stored', async () => {
      const store = await open()
      const value = bytes(1, 2)
      await store.batch([{ type: 'put', key: 'a', value }])
      value[0] = 9
      const read = await store.get('a')
      assert.ok(read)
      read[1] = 9
      assert.deepEqual(Uint8Array.from((await store.get('a')) ?? []), bytes(1, 2))
    })

    it('behavior: what was written with sync is there after reopening', async () => {
      await open()
      assert.ok(fixture)
      await fixture.store.batch([put('kept', 5), put('gone', 6)], { sync: true })
      await fixture.store.batch([del('gone')], { sync: true })
      const again = await fixture.reopen()
      assert.deepEqual(await keysOf(again), ['kept'])
    })

    it('behavior: an empty batch is allowed', async () => {
      const store = await open()
      await store.batch([])
      assert.deepEqual(await keysOf(store), [])
    })

    it('behavior: values of a megabyte survive', async () => {
      const store = await open()
      const value = new Uint8Array(1 << 20).map((_, i) => i % 251)
      await store.batch([{ type: 'put', key: 'big', value }])
      assert.ok(Buffer.from(value).equals((await store.get('big')) ?? bytes()))
    })
  })
}
