/** SigV4 at the endpoint, over real sockets: what is accepted, and the exact code of each refusal. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { presignS3Url } from '../../../../src/core/sigv4/presign.ts'
import { plainRequest } from '../../../support/http.ts'
import { type OwnS3, startOwnS3, TEST_KEYS } from '../../../support/servers/own-s3.ts'
import { type SignOptions, signS3 } from '../../../support/sign.ts'

const codeOf = (body: Buffer) => /<Code>(\w+)<\/Code>/.exec(body.toString())?.[1]
const SECRET = TEST_KEYS.secretAccessKey
const MINUTE = 60_000

describe('authentication', () => {
  let own: OwnS3
  before(async () => {
    own = await startOwnS3({
      credentials: async (accessKeyId, sessionToken) => {
        if (accessKeyId === TEST_KEYS.accessKeyId && sessionToken === undefined)
          return { secretAccessKey: SECRET, allows: () => true }
        if (accessKeyId === 'READER')
          return { secretAccessKey: SECRET, allows: (a) => a.operation === 'read' && a.key === 'a' }
        if (accessKeyId === 'TEMP' && sessionToken === 'lease')
          return { secretAccessKey: SECRET, allows: () => true, expiresAtMs: Date.now() + MINUTE }
        if (accessKeyId === 'OVER') return { secretAccessKey: SECRET, allows: () => true, expiresAtMs: Date.now() - 1 }
        return undefined
      },
    })
    assert.equal((await send({ method: 'PUT', path: '/unit/a', body: Buffer.from('hello') })).status, 200)
  })
  after(() => own.close())

  const send = async (
    options: Omit<Partial<SignOptions>, 'url'> & { path: string; tamper?: (headers: Record<string, string>) => object },
  ) => {
    const { path, tamper, method = 'GET', keys = TEST_KEYS, ...rest } = options
    const url = own.server.url + path
    const { headers } = signS3({ ...rest, method, url, keys })
    const length = options.body ? { 'content-length': String(options.body.length) } : {}
    return plainRequest(url, {
      method,
      headers: { ...headers, ...length, ...tamper?.(headers) } as Record<string, string>,
      ...(options.body && { body: options.body }),
    })
  }
  const presigned = (overrides: object = {}) =>
    presignS3Url({
      endpoint: own.server.url,
      region: 'r',
      bucket: 'unit',
      pathStyle: true,
      method: 'GET',
      key: 'a',
      keys: TEST_KEYS,
      nowMs: Date.now(),
      expiresInSeconds: 60,
      ...overrides,
    })

  it('default', async () => {
    const answer = await send({ path: '/unit/a' })
    assert.equal(answer.status, 200)
    assert.equal(answer.body.toString(), 'hello')
    assert.equal((await plainRequest(presigned())).body.toString(), 'hello')
  })

  it('error: wrong, missing and malformed signatures', async () => {
    const cases: [string, number, Parameters<typeof send>[0]][] = [
      ['SignatureDoesNotMatch', 403, { path: '/unit/a', keys: { ...TEST_KEYS, secretAccessKey: 'wrong' } }],
      ['InvalidAccessKeyId', 403, { path: '/unit/a', keys: { ...TEST_KEYS, accessKeyId: 'NOBODY' } }],
      ['AuthorizationHeaderMalformed', 400, { path: '/unit/a', tamper: () => ({ authorization: 'AWS AK:sig' }) }],
      ['SignatureDoesNotMatch', 403, { path: '/unit/a', tamper: () => ({ host: 'elsewhere' }) }],
      ['AccessDenied', 403, { path: '/unit/a', tamper: () => ({ 'x-amz-meta-more': '1' }) }],
      ['RequestTimeTooSkewed', 403, { path: '/unit/a', nowMs: Date.now() - 16 * MINUTE }],
      ['RequestTimeTooSkewed', 403, { path: '/unit/a', nowMs: Date.now() + 16 * MINUTE }],
    ]
    for (const [code, status, options] of cases) {
      const answer = await send(options)
      assert.equal(codeOf(answer.body), code)
      assert.equal(answer.status, status)
    }
    const unsigned = await plainRequest(`${own.server.url}/unit/a`)
    assert.deepEqual([unsigned.status, codeOf(unsigned.body)], [403, 'AccessDenied'])
  })

  it('behavior: a signature within 15 minutes of our clock is good', async () => {
    for (const offset of [-14 * MINUTE, 14 * MINUTE])
      assert.equal((await send({ path: '/unit/a', nowMs: Date.now() + offset })).status, 200)
  })

  it('behavior: paths and queries are verified as they were sent', async () => {
    for (const path of ['/unit/with%20space', '/unit/%C3%A4/a%2Bb', '/unit/a/../b', '/unit//x', "/unit/it's(1)!*"]) {
      assert.equal((await send({ method: 'PUT', path, body: Buffer.from(path) })).status, 200, path)
      assert.equal((await send({ path })).body.toString(), path)
    }
    const listed = await send({ path: '/unit?list-type=2&prefix=a%2F..%2F' })
    assert.match(listed.body.toString(), /<Key>a\/..\/b<\/Key>/)
  })

  it('error: presigned URLs that are over, from the future, changed or too long-lived', async () => {
    const cases: [string, string][] = [
      ['AccessDenied', presigned({ nowMs: Date.now() - 2 * MINUTE })],
      ['AccessDenied', presigned({ nowMs: Date.now() + 20 * MINUTE })],
      ['SignatureDoesNotMatch', presigned().replace('X-Amz-Expires=60', 'X-Amz-Expires=61')],
      ['SignatureDoesNotMatch', `${presigned()}&extra=1`],
      ['SignatureDoesNotMatch', presigned({ method: 'HEAD' })],
      ['AuthorizationQueryParametersError', presigned({ expiresInSeconds: 604_801 })],
      ['AuthorizationQueryParametersError', presigned().replace(/X-Amz-Date=\w+/, 'X-Amz-Date=now')],
      ['AuthorizationQueryParametersError', `${presigned()}&X-Amz-Expires=60`],
      ['InvalidAccessKeyId', presigned({ keys: { ...TEST_KEYS, accessKeyId: 'NOBODY' } })],
    ]
    for (const [code, url] of cases) assert.equal(codeOf((await plainRequest(url)).body), code, url)
  })

  it('behavior: temporary credentials come with their session token and end', async () => {
    const keys = { accessKeyId: 'TEMP', secretAccessKey: SECRET }
    assert.equal((await send({ path: '/unit/a', keys: { ...keys, sessionToken: 'lease' } })).status, 200)
    assert.equal((await plainRequest(presigned({ keys: { ...keys, sessionToken: 'lease' } }))).status, 200)
    assert.equal(codeOf((await send({ path: '/unit/a', keys })).body), 'InvalidAccessKeyId')
    assert.equal(
      codeOf((await send({ path: '/unit/a', keys: { ...keys, sessionToken: 'forged' } })).body),
      'InvalidAccessKeyId',
    )
    const over = await send({ path: '/unit/a', keys: { ...keys, accessKeyId: 'OVER' } })
    assert.deepEqual([over.status, codeOf(over.body)], [400, 'ExpiredToken'])
  })

  it('error: credentials outside their scope', async () => {
    const keys = { accessKeyId: 'READER', secretAccessKey: SECRET }
    assert.equal((await send({ path: '/unit/a', keys })).status, 200)
    for (const [method, path] of [
      ['GET', '/unit/b'],
      ['DELETE', '/unit/a'],
      ['GET', '/unit'],
      ['HEAD', '/unit'],
      ['PUT', '/unit/a'],
    ] as const) {
      const answer = await send({ method, path, keys, ...(method === 'PUT' && { body: Buffer.from('x') }) })
      assert.equal(answer.status, 403, `${method} ${path}`)
    }
    const copy = await send({ method: 'PUT', path: '/unit/c', keys, headers: { 'x-amz-copy-source': '/unit/a' } })
    assert.equal(copy.status, 403)
  })
})
