/** Leases as session tokens, at a real endpoint with the AWS SDK as the client. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { staticCredentials } from '../../../../src/api/s3/credentials.ts'
import { createLeaseIssuer, type Lease } from '../../../../src/api/s3/lease.ts'
import { StorageError } from '../../../../src/core/ports/storage.ts'
import type { S3Keys } from '../../../../src/core/sigv4/presign.ts'
import { bodyOf, readAll } from '../../../../src/storage/keys.ts'
import { createS3Driver } from '../../../../src/storage/s3/driver.ts'
import { type OwnS3, startOwnS3, TEST_KEYS } from '../../../support/servers/own-s3.ts'

const MINUTE = 60_000
const key = randomBytes(32)
const lease = (overrides: Partial<Lease> = {}): Lease => ({
  id: new Uint8Array(randomBytes(16)),
  bucket: 'unit',
  prefix: 'r/1/',
  operations: ['read', 'write', 'list'],
  maxPutBytes: 1000,
  expiresAtMs: Date.now() + MINUTE,
  ...overrides,
})

describe('createLeaseIssuer', () => {
  let own: OwnS3
  const issuer = createLeaseIssuer({ keys: [key], others: staticCredentials([TEST_KEYS]) })
  before(async () => {
    own = await startOwnS3({ credentials: issuer.lookup })
  })
  after(() => own.close())

  const using = async <T>(keys: S3Keys, work: (driver: Awaited<ReturnType<typeof createS3Driver>>) => Promise<T>) => {
    const driver = await createS3Driver({
      endpoint: own.server.url,
      region: 'r',
      bucket: 'unit',
      pathStyle: true,
      keys,
    })
    try {
      return await work(driver)
    } finally {
      await driver.close()
    }
  }
  const put = (keys: S3Keys, name: string, bytes: number) =>
    using(keys, (driver) => driver.put(name, bodyOf(new Uint8Array(bytes)), { bytes }))
  const refused = (work: Promise<unknown>, ...codes: string[]) =>
    assert.rejects(work, (error) => error instanceof StorageError && codes.includes(error.code))

  it('default', async () => {
    const keys = issuer.issue(lease())
    await put(keys, 'r/1/a', 1000)
    await using(keys, async (driver) => {
      assert.equal((await readAll((await driver.get('r/1/a')).body, 1000)).length, 1000)
      assert.deepEqual(
        (await driver.list({ prefix: 'r/1/' })).objects.map((object) => object.key),
        ['r/1/a'],
      )
    })
  })

  it('behavior: long-lived keys work beside leases', async () => {
    await put(TEST_KEYS, 'r/2/other', 10)
  })

  it('error: another prefix, bucket, operation, or more bytes', async () => {
    const keys = issuer.issue(lease())
    await refused(put(keys, 'r/2/a', 1), 'access-denied')
    await refused(put(keys, 'r/1/big', 1001), 'access-denied')
    await refused(put(issuer.issue(lease({ bucket: 'other' })), 'r/1/a', 1), 'access-denied')
    await refused(put(issuer.issue(lease({ operations: ['read'] })), 'r/1/a', 1), 'access-denied')
    await using(keys, async (driver) => {
      await refused(driver.delete('r/1/a'), 'access-denied')
      await refused(driver.list({ prefix: 'r/' }), 'access-denied')
      await refused(driver.get('r/2/other'), 'access-denied')
    })
  })

  it('error: over, revoked, or of a key that was rotated away', async () => {
    await refused(put(issuer.issue(lease({ expiresAtMs: Date.now() - 1 })), 'r/1/a', 1), 'expired')
    const revoked = lease()
    const keys = issuer.issue(revoked)
    await put(keys, 'r/1/a', 1)
    issuer.revoke(revoked.id, revoked.expiresAtMs, Date.now())
    await refused(put(keys, 'r/1/a', 1), 'access-denied')
    const next = createLeaseIssuer({ keys: [randomBytes(32), key] })
    const fresh = issuer.issue(lease())
    assert.ok(await next.lookup(fresh.accessKeyId, fresh.sessionToken))
    const later = createLeaseIssuer({ keys: [randomBytes(32)] })
    assert.equal(await later.lookup(fresh.accessKeyId, fresh.sessionToken), undefined)
  })

  it('error: a token that was altered, cut, spelled otherwise or belongs to another key', async () => {
    const { accessKeyId, sessionToken } = issuer.issue(lease())
    assert.ok(await issuer.lookup(accessKeyId, sessionToken))
    const flipped = Buffer.from(sessionToken, 'base64url')
    flipped[20]! ^= 1
    for (const token of [
      flipped.toString('base64url'),
      sessionToken.slice(4),
      `${sessionToken}=`,
      '',
      'x',
      'A'.repeat(5000),
    ])
      assert.equal(await issuer.lookup(accessKeyId, token), undefined)
    assert.equal(await issuer.lookup(issuer.issue(lease()).accessKeyId, sessionToken), undefined)
    assert.throws(() => createLeaseIssuer({ keys: [randomBytes(16)] }), RangeError)
  })
})
