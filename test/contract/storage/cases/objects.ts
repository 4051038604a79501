/** Single objects and listings. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readAll } from '../../../../src/storage/keys.ts'
import type { DriverCase } from '../storage-driver.suite.ts'
import { assertBytes, getBytes, pattern, putBytes, rejectsWith, text } from './helpers.ts'

const ODD_KEYS = [
  'plain',
  'with space',
  'plus+and%percent',
  'percent%20encoded',
  'äöü/日本語/😀',
  'quotes\'"`',
  'a?b=c&d#e',
  'semi;colon:at@dollar$',
  'brackets[]{}()<>',
  'pipe|hat^',
  'tilde~star*',
  'deep/er/and/deep/er',
]

/** Keys that some services rewrite; a driver keeps them or refuses them. */
const ODDER_KEYS = ['back\\slash', 'dots/../up', './here', 'a//b', '/lead', 'end./x', 'tab\tand\u0001control']

export const objectCases: DriverCase[] = [
  {
    name: 'behavior: what was put is got back, with its head',
    async run({ driver, prefix }) {
      const data = pattern(100_000)
      const key = `${prefix}object`
      const put = await putBytes(driver, key, data, { contentType: 'text/x-test', metadata: { note: 'kept' } })
      assertBytes(await getBytes(driver, key), data)
      const head = await driver.head(key)
      assert.equal(head.bytes, data.length)
      assert.equal(head.etag, put.etag)
      assert.equal(head.contentType, 'text/x-test')
      assert.deepEqual(head.metadata, { note: 'kept' })
      assert.ok(Math.abs(head.lastModifiedMs - Date.now()) < 600_000)
      if (driver.kind !== 'azure-blob') assert.equal(put.etag, createHash('md5').update(data).digest('hex'))
    },
  },
  {
    name: 'behavior: an empty object is an object',
    async run({ driver, prefix }) {
      await putBytes(driver, `${prefix}empty`, new Uint8Array())
      assert.equal((await driver.head(`${prefix}empty`)).bytes, 0)
      assert.equal((await getBytes(driver, `${prefix}empty`)).length, 0)
    },
  },
  {
    name: 'behavior: a later put replaces the object whole',
    async run({ driver, prefix }) {
      const key = `${prefix}object`
      const first = await putBytes(driver, key, pattern(5000, 1), { metadata: { old: 'yes' } })
      const second = await putBytes(driver, key, pattern(300, 2))
      assert.notEqual(first.etag, second.etag)
      assertBytes(await getBytes(driver, key), pattern(300, 2))
      assert.equal((await driver.head(key)).metadata, undefined)
    },
  },
  {
    name: 'behavior: ranges',
    async run({ driver, prefix }) {
      const data = pattern(200_000)
      await putBytes(driver, `${prefix}object`, data)
      for (const [start, end] of [
        [0, 0],
        [0, 65_535],
        [65_536, 131_071],
        [199_999, 199_999],
        [150_000, 300_000],
      ] as const) {
        const { body, range, head } = await driver.get(`${prefix}object`, { range: { start, end } })
        const last = Math.min(end, data.length - 1)
        assert.deepEqual(range, { start, end: last })
        assert.equal(head.bytes, data.length)
        assertBytes(await readAll(body, data.length), data.subarray(start, last + 1), `${start}–${end}`)
      }
    },
  },
  {
    name: 'error: a range outside the object',
    async run({ driver, prefix }) {
      await putBytes(driver, `${prefix}object`, pattern(10))
      await rejectsWith(driver.get(`${prefix}object`, { range: { start: 10, end: 20 } }), 'range-invalid')
    },
  },
  {
    name: 'error: a missing object, but deleting it succeeds',
    async run({ driver, prefix }) {
      await rejectsWith(driver.get(`${prefix}missing`), 'object-missing')
      await rejectsWith(driver.head(`${prefix}missing`), 'object-missing')
      await driver.delete(`${prefix}missing`)
    },
  },
  {
    name: 'behavior: deleted is gone',
    async run({ driver, prefix }) {
      await putBytes(driver, `${prefix}object`, text('x'))
      await driver.delete(`${prefix}object`)
      await rejectsWith(driver.head(`${prefix}object`), 'object-missing')
      assert.deepEqual((await driver.list({ prefix })).objects, [])
    },
  },
  {
    name: 'behavior: odd keys stay what they are',
    async run({ driver, prefix, differences }) {
      const keys = ODD_KEYS.map((key) => prefix + key)
      const odder = ODDER_KEYS.map((key) => prefix + key)
      if (differences?.has('narrow-keys'))
        for (const key of odder) await rejectsWith(putBytes(driver, key, text(key)), 'invalid-key')
      else keys.push(...odder)
      for (const key of keys) await putBytes(driver, key, text(key))
      for (const key of keys) assertBytes(await getBytes(driver, key), text(key), key)
      const listed = (await driver.list({ prefix })).objects.map((object) => object.key)
      assert.deepEqual(listed.sort(), keys.sort())
    },
  },
  {
    name: 'error: keys that no store takes',
    async run({ driver }) {
      for (const key of ['', 'x'.repeat(1025), 'nul\0', '\ud800'])
        await rejectsWith(putBytes(driver, key, text('x')), 'invalid-key')
    },
  },
  {
    name: 'behavior: a listing in pages is complete, ordered and within its prefix',
    async run({ driver, prefix }) {
      const keys = Array.from({ length: 25 }, (_, i) => `${prefix}p/${String(i).padStart(3, '0')}`)
      for (const key of [...keys, `${prefix}o`, `${prefix}q`]) await putBytes(driver, key, text(key))
      const seen: string[] = []
      let pages = 0
      for (let after: string | undefined; ; pages++) {
        const page = await driver.list({ prefix: `${prefix}p/`, limit: 10, ...(after !== undefined && { after }) })
        seen.push(...page.objects.map((object) => object.key))
        assert.ok(page.objects.length <= 10)
        assert.ok(page.objects.every((object) => object.bytes === text(object.key).length))
        after = seen.at(-1)
        if (!page.truncated) break
      }
      assert.deepEqual(seen, keys)
      assert.ok(pages >= 2)
      // A key that no earlier page ended on.
      const rest = await driver.list({ prefix: `${prefix}p/`, after: `${prefix}p/0175` })
      assert.deepEqual(
        rest.objects.map((object) => object.key),
        keys.slice(18),
      )
    },
  },
  {
    name: 'behavior: ifAbsent creates once',
    needs: 'conditionalWrites',
    async run({ driver, prefix }) {
      const key = `${prefix}object`
      await putBytes(driver, key, text('one'), { ifAbsent: true })
      await rejectsWith(putBytes(driver, key, text('two'), { ifAbsent: true }), 'precondition-failed')
      assertBytes(await getBytes(driver, key), text('one'))
    },
  },
  {
    name: 'behavior: ifMatch replaces what is known',
    needs: 'conditionalWrites',
    async run({ driver, prefix, differences }) {
      const key = `${prefix}object`
      const { etag } = await putBytes(driver, key, text('one'))
      if (differences?.has('refuses-if-match')) {
        await rejectsWith(putBytes(driver, key, text('three'), { ifMatch: etag }), 'precondition-failed')
        return
      }
      await putBytes(driver, key, text('three'), { ifMatch: etag })
      await rejectsWith(putBytes(driver, key, text('four'), { ifMatch: etag }), 'precondition-failed')
      assertBytes(await getBytes(driver, key), text('three'))
    },
  },
  {
    name: 'behavior: a read may be bound to an etag',
    async run({ driver, prefix }) {
      const key = `${prefix}object`
      const { etag } = await putBytes(driver, key, text('one'))
      const { body } = await driver.get(key, { ifMatch: etag })
      assertBytes(await readAll(body, 10), text('one'))
      await putBytes(driver, key, text('two'))
      await rejectsWith(driver.get(key, { ifMatch: etag }), 'precondition-failed')
    },
  },
]
