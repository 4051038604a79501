/** Presigned URLs and SAS, used as a stranger would: over plain HTTP, with nothing but the grant. */
import assert from 'node:assert/strict'
import type { PresignedRequest } from '../../../../src/core/ports/storage.ts'
import { plainRequest } from '../../../support/http.ts'
import type { DriverCase } from '../storage-driver.suite.ts'
import { assertBytes, getBytes, pattern, putBytes, rejectsWith, text } from './helpers.ts'

const MINUTE = 60_000

/** All but the host signed into a URL: refused, whatever the vendor's exact answer is. */
function assertRefused(status: number, what: string): void {
  assert.ok(status === 400 || status === 401 || status === 403, `${what}: ${status}`)
}

const send = (
  grant: PresignedRequest,
  options: { url?: string; method?: string; headers?: object; body?: Uint8Array } = {},
) =>
  plainRequest(options.url ?? grant.url, {
    method: options.method ?? grant.method,
    headers: { ...grant.headers, ...options.headers },
    ...(options.body && { body: options.body }),
  })

export const grantCases: DriverCase[] = [
  {
    name: 'behavior: a read grant reads its object, whole and in ranges',
    needs: 'presign',
    async run({ driver, prefix }) {
      const data = pattern(150_000)
      for (const key of [`${prefix}object`, `${prefix}odd key +%ä'(1)`]) {
        await putBytes(driver, key, data)
        const nowMs = Date.now()
        const grant = await driver.presign({ action: 'read', key, nowMs, expiresInMs: MINUTE })
        assert.ok(Math.abs(grant.expiresAtMs - nowMs - MINUTE) <= 1000)
        const whole = await send(grant)
        assert.equal(whole.status, 200, whole.body.toString())
        assertBytes(whole.body, data)
        const part = await send(grant, { headers: { range: 'bytes=65536-131071' } })
        assert.equal(part.status, 206)
        assertBytes(part.body, data.subarray(65_536, 131_072))
      }
    },
  },
  {
    name: 'behavior: a write grant writes its object',
    needs: 'presign',
    async run({ driver, prefix }) {
      const data = pattern(70_000)
      const key = `${prefix}object`
      const grant = await driver.presign({
        action: 'write',
        key,
        bytes: data.length,
        nowMs: Date.now(),
        expiresInMs: MINUTE,
      })
      const done = await send(grant, { body: data })
      assert.ok(done.status === 200 || done.status === 201, `${done.status} ${done.body}`)
      assertBytes(await getBytes(driver, key), data)
    },
  },
  {
    name: 'error: a write grant of another length',
    needs: 'bindsLength',
    async run({ driver, prefix }) {
      const key = `${prefix}object`
      const grant = await driver.presign({ action: 'write', key, bytes: 1000, nowMs: Date.now(), expiresInMs: MINUTE })
      for (const bytes of [999, 1001]) {
        const done = await send(grant, { headers: { 'content-length': String(bytes) }, body: pattern(bytes) })
        assertRefused(done.status, `${bytes} bytes`)
      }
      await rejectsWith(driver.head(key), 'object-missing')
    },
  },
  {
    name: 'error: a grant used for another object, method or without its signature',
    needs: 'presign',
    async run({ driver, prefix }) {
      await putBytes(driver, `${prefix}a`, text('a'))
      await putBytes(driver, `${prefix}b`, text('b'))
      const nowMs = Date.now()
      const read = await driver.presign({ action: 'read', key: `${prefix}a`, nowMs, expiresInMs: MINUTE })
      assertRefused((await send(read, { url: read.url.replace(`${prefix}a?`, `${prefix}b?`) })).status, 'another key')
      assertRefused((await send(read, { method: 'DELETE' })).status, 'DELETE')
      const headers = { 'content-length': '1', 'x-ms-blob-type': 'BlockBlob' }
      assertRefused((await send(read, { method: 'PUT', headers, body: text('x') })).status, 'PUT')
      const write = await driver.presign({ action: 'write', key: `${prefix}a`, bytes: 1, nowMs, expiresInMs: MINUTE })
      const elsewhere = write.url.replace(`${prefix}a?`, `${prefix}b?`)
      assertRefused((await send(write, { url: elsewhere, body: text('x') })).status, 'write elsewhere')
      assertBytes(await getBytes(driver, `${prefix}a`), text('a'))
      assertBytes(await getBytes(driver, `${prefix}b`), text('b'))
      const bare = await plainRequest(read.url.slice(0, read.url.indexOf('?')))
      assert.ok(bare.status === 403 || bare.status === 404 || bare.status === 409, `no signature: ${bare.status}`)
    },
  },
  {
    name: 'error: an expired grant',
    needs: 'presign',
    async run({ driver, prefix }) {
      await putBytes(driver, `${prefix}a`, text('a'))
      const nowMs = Date.now() - 2 * MINUTE
      const read = await driver.presign({ action: 'read', key: `${prefix}a`, nowMs, expiresInMs: MINUTE })
      assertRefused((await send(read)).status, 'read')
      const write = await driver.presign({ action: 'write', key: `${prefix}a`, bytes: 1, nowMs, expiresInMs: MINUTE })
      assertRefused((await send(write, { body: text('x') })).status, 'write')
    },
  },
  {
    name: 'error: a tampered expiry or signature',
    needs: 'presign',
    async run({ driver, prefix }) {
      await putBytes(driver, `${prefix}a`, text('a'))
      const read = await driver.presign({ action: 'read', key: `${prefix}a`, nowMs: Date.now(), expiresInMs: MINUTE })
      const later = read.url.replace('X-Amz-Expires=60', 'X-Amz-Expires=600').replace(/&se=20(\d\d)/, '&se=21$1')
      assert.notEqual(later, read.url)
      assertRefused((await send(read, { url: later })).status, 'longer life')
    },
  },
  {
    name: 'error: a write grant without a length',
    needs: 'presign',
    async run({ driver, prefix }) {
      const asked = driver.presign({ action: 'write', key: `${prefix}a`, nowMs: Date.now(), expiresInMs: MINUTE })
      await rejectsWith(asked, 'unsupported')
    },
  },
]
