/** Bodies that are long, wrong or broken off. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { DriverCase } from '../storage-driver.suite.ts'
import { assertBytes, getBytes, pattern, putBytes, rejectsWith, text } from './helpers.ts'

const MIB = 1 << 20

/** `count` different blocks without holding them all. */
async function* blocks(count: number, block: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) {
    const copy = block.slice()
    new DataView(copy.buffer).setUint32(0, i)
    yield copy
  }
}

export const transferCases: DriverCase[] = [
  {
    name: 'behavior: 64 MiB stream through, unchanged',
    async run({ driver, prefix }) {
      const block = pattern(MIB)
      const sent = createHash('sha256')
      for await (const chunk of blocks(64, block)) sent.update(chunk)
      await driver.put(`${prefix}big`, blocks(64, block), { bytes: 64 * MIB })
      const got = createHash('sha256')
      for await (const chunk of (await driver.get(`${prefix}big`)).body) got.update(chunk)
      assert.equal(got.digest('hex'), sent.digest('hex'))
    },
  },
  {
    name: 'error: a body of another length than announced leaves what was there',
    async run({ driver, prefix }) {
      const key = `${prefix}object`
      await putBytes(driver, key, text('before'))
      const short = driver.put(key, blocks(1, pattern(100)), { bytes: 101 })
      await rejectsWith(short, 'wrong-length')
      const long = driver.put(key, blocks(3, pattern(MIB)), { bytes: 2 * MIB })
      await rejectsWith(long, 'wrong-length')
      assertBytes(await getBytes(driver, key), text('before'))
    },
  },
  {
    name: 'error: a body that fails half way leaves what was there',
    async run({ driver, prefix }) {
      const key = `${prefix}object`
      await putBytes(driver, key, text('before'))
      async function* failing() {
        yield pattern(MIB)
        throw new Error('the source is gone')
      }
      await assert.rejects(driver.put(key, failing(), { bytes: 2 * MIB }))
      assertBytes(await getBytes(driver, key), text('before'))
    },
  },
  {
    name: 'behavior: an abort ends a put with its reason and leaves what was there',
    async run({ driver, prefix }) {
      const key = `${prefix}object`
      await putBytes(driver, key, text('before'))
      const controller = new AbortController()
      const reason = new Error('enough')
      async function* aborting() {
        yield pattern(MIB)
        controller.abort(reason)
        yield pattern(MIB)
      }
      await assert.rejects(driver.put(key, aborting(), { bytes: 2 * MIB, signal: controller.signal }), reason)
      assertBytes(await getBytes(driver, key), text('before'))
    },
  },
  {
    name: 'behavior: an abort ends a get with its reason',
    async run({ driver, prefix }) {
      await driver.put(`${prefix}big`, blocks(16, pattern(MIB)), { bytes: 16 * MIB })
      const controller = new AbortController()
      const reason = new Error('enough')
      const { body } = await driver.get(`${prefix}big`, { signal: controller.signal })
      const reading = (async () => {
        for await (const _ of body) controller.abort(reason)
      })()
      await assert.rejects(reading, reason)
    },
  },
  {
    name: 'behavior: a body that is left early keeps nothing busy',
    async run({ driver, prefix }) {
      await driver.put(`${prefix}big`, blocks(8, pattern(MIB)), { bytes: 8 * MIB })
      for (let i = 0; i < 70; i++) {
        const { body } = await driver.get(`${prefix}big`)
        for await (const _ of body) break
      }
      assert.equal((await driver.head(`${prefix}big`)).bytes, 8 * MIB)
    },
  },
]
