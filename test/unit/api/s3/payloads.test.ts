/** Bodies at the endpoint: nothing is stored that was not promised, whatever way it was promised in. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { crc32 } from 'node:zlib'
import { EMPTY_SHA256, scopeText, sha256Hex, signWith } from '../../../../src/core/sigv4/canonical.ts'
import { plainRequest } from '../../../support/http.ts'
import { type OwnS3, startOwnS3, TEST_KEYS } from '../../../support/servers/own-s3.ts'
import { signS3 } from '../../../support/sign.ts'

const codeOf = (body: Buffer) => /<Code>(\w+)<\/Code>/.exec(body.toString())?.[1]
const BODY = Buffer.from('the body of an object')

describe('payloads', () => {
  let own: OwnS3
  before(async () => {
    own = await startOwnS3({ maxBytes: 1 << 20, idleMs: 500 })
  })
  after(() => own.close())

  const url = (key: string) => `${own.server.url}/unit/${key}`
  const put = (
    key: string,
    options: { body?: Buffer; headers?: Record<string, string>; payloadHash?: string; length?: number },
  ) => {
    const { body = BODY, headers = {}, payloadHash } = options
    const signed = signS3({
      method: 'PUT',
      url: url(key),
      keys: TEST_KEYS,
      headers,
      body,
      ...(payloadHash !== undefined && { payloadHash }),
    })
    const length = { 'content-length': String(options.length ?? body.length) }
    return plainRequest(url(key), { method: 'PUT', headers: { ...signed.headers, ...length }, body })
  }
  const stored = async (key: string) => {
    const { headers } = signS3({ method: 'GET', url: url(key), keys: TEST_KEYS })
    return plainRequest(url(key), { headers })
  }

  it('default', async () => {
    const answer = await put('plain', {})
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.etag, `"${createHash('md5').update(BODY).digest('hex')}"`)
    assert.deepEqual((await stored('plain')).body, BODY)
  })

  it('behavior: digests in headers are verified', async () => {
    const md5 = createHash('md5').update(BODY).digest('base64')
    const crc = Buffer.alloc(4)
    crc.writeUInt32BE(crc32(BODY))
    const good = { 'content-md5': md5, 'x-amz-checksum-crc32': crc.toString('base64') }
    assert.equal((await put('digests', { headers: good, payloadHash: 'UNSIGNED-PAYLOAD' })).status, 200)
  })

  it('error: a body that is not what was promised is not stored', async () => {
    const wrongMd5 = createHash('md5').update('other').digest('base64')
    const cases: [string, Parameters<typeof put>[1]][] = [
      ['XAmzContentSHA256Mismatch', { payloadHash: sha256Hex('other') }],
      ['BadDigest', { headers: { 'content-md5': wrongMd5 } }],
      ['InvalidDigest', { headers: { 'content-md5': 'short' } }],
      ['BadDigest', { headers: { 'x-amz-checksum-crc32': 'AAAAAA==' } }],
      ['BadDigest', { headers: { 'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=' } }],
      ['InvalidArgument', { payloadHash: 'STREAMING-SOMETHING' }],
      ['MissingContentLength', { payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' }],
      ['QuotaExceeded', { body: Buffer.alloc((1 << 20) + 1) }],
    ]
    for (const [code, options] of cases) {
      assert.equal(codeOf((await put('refused', options)).body), code)
      assert.equal((await stored('refused')).status, 404, code)
    }
  })

  it('error: a single PUT beyond 5 GiB is refused before its body', async () => {
    const bytes = 5 * 2 ** 30 + 1
    const { headers } = signS3({ method: 'PUT', url: url('huge'), keys: TEST_KEYS, payloadHash: 'UNSIGNED-PAYLOAD' })
    const { hostname, port } = new URL(own.server.url)
    const socket = connect(Number(port), hostname)
    const lines = Object.entries({ ...headers, 'content-length': bytes, expect: '100-continue' })
    socket.write(`PUT /unit/huge HTTP/1.1\r\n${lines.map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n`)
    let answer = ''
    for await (const chunk of socket) answer += chunk
    assert.match(answer, /^HTTP\/1\.1 400 /)
    assert.match(answer, /<Code>EntityTooLarge<\/Code>/)
  })

  it('behavior: a client that asks may send its body once it is authorised', async () => {
    const { headers } = signS3({ method: 'PUT', url: url('asked'), keys: TEST_KEYS, body: BODY })
    const { hostname, port } = new URL(own.server.url)
    const socket = connect(Number(port), hostname)
    const lines = Object.entries({
      ...headers,
      'content-length': BODY.length,
      expect: '100-continue',
      connection: 'close',
    })
    socket.write(`PUT /unit/asked HTTP/1.1\r\n${lines.map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n`)
    let answer = ''
    for await (const chunk of socket) {
      if (answer === '') socket.write(BODY)
      answer += chunk
    }
    assert.match(answer, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/)
    assert.deepEqual((await stored('asked')).body, BODY)
  })

  /** Two signed chunks and the last one, in aws-chunked form, with or without a signed trailer. */
  const chunked = (key: string, options: { trailer?: string; flip?: boolean; cut?: number } = {}) => {
    const mode = options.trailer === undefined ? '' : '-TRAILER'
    const headers: Record<string, string> = {
      'x-amz-decoded-content-length': String(BODY.length),
      'content-encoding': 'aws-chunked',
      ...(options.trailer !== undefined && { 'x-amz-trailer': 'x-amz-checksum-crc32' }),
    }
    const payloadHash = `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${mode}`
    const { headers: signed, chain } = signS3({ method: 'PUT', url: url(key), keys: TEST_KEYS, headers, payloadHash })
    let previous = chain.signature
    const parts = [BODY.subarray(0, 8), BODY.subarray(8), Buffer.alloc(0)].map((data) => {
      const head = ['AWS4-HMAC-SHA256-PAYLOAD', chain.timestamp, scopeText(chain.scope), previous, EMPTY_SHA256]
      previous = signWith(chain.key, [...head, createHash('sha256').update(data).digest('hex')].join('\n'))
      const line = `${data.length.toString(16)};chunk-signature=${previous}\r\n`
      return Buffer.concat([Buffer.from(line), data, Buffer.from(data.length > 0 ? '\r\n' : '')])
    })
    let end = '\r\n'
    if (options.trailer !== undefined) {
      const line = `x-amz-checksum-crc32:${options.trailer}`
      const head = ['AWS4-HMAC-SHA256-TRAILER', chain.timestamp, scopeText(chain.scope), previous]
      const signature = signWith(chain.key, [...head, sha256Hex(`${line}\n`)].join('\n'))
      end = `${line}\r\nx-amz-trailer-signature:${signature}\r\n\r\n`
    }
    let body = Buffer.concat([...parts, Buffer.from(end)])
    if (options.flip) body[body.indexOf('object')] = 66
    if (options.cut) body = body.subarray(0, body.length - options.cut)
    return plainRequest(url(key), {
      method: 'PUT',
      headers: { ...signed, 'content-length': String(body.length) },
      body,
    })
  }
  const crc = () => {
    const value = Buffer.alloc(4)
    value.writeUInt32BE(crc32(BODY))
    return value.toString('base64')
  }

  it('behavior: signed chunks, and chunks with a signed trailer', async () => {
    assert.equal((await chunked('chunked')).status, 200)
    assert.deepEqual((await stored('chunked')).body, BODY)
    assert.equal((await chunked('trailed', { trailer: crc() })).status, 200)
    assert.deepEqual((await stored('trailed')).body, BODY)
  })

  it('error: a false chunk or trailer stores nothing', async () => {
    assert.equal(codeOf((await chunked('false', { flip: true })).body), 'SignatureDoesNotMatch')
    assert.equal(codeOf((await chunked('false', { cut: 60 })).body), 'IncompleteBody')
    assert.equal(codeOf((await chunked('false', { trailer: 'AAAAAA==' })).body), 'BadDigest')
    assert.equal((await stored('false')).status, 404)
  })

  it('behavior: unsigned chunks with a checksum trailer, as SDKs stream', async () => {
    const headers = {
      'x-amz-decoded-content-length': String(BODY.length),
      'x-amz-trailer': 'x-amz-checksum-crc32',
      'content-encoding': 'aws-chunked',
    }
    for (const [key, value, code] of [
      ['sdk', crc(), undefined],
      ['sdk-wrong', 'AAAAAA==', 'BadDigest'],
    ] as const) {
      const body = Buffer.concat([
        Buffer.from(`${BODY.length.toString(16)}\r\n`),
        BODY,
        Buffer.from(`\r\n0\r\nx-amz-checksum-crc32:${value}\r\n\r\n`),
      ])
      const answer = await put(key, { body, headers, payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' })
      assert.equal(codeOf(answer.body), code)
      assert.equal((await stored(key)).status, code === undefined ? 200 : 404)
    }
  })

  it('error: a body that stops arriving ends with its connection and stores nothing', async () => {
    await assert.rejects(put('stalled', { length: BODY.length + 1, payloadHash: 'UNSIGNED-PAYLOAD' }))
    const kept = (await sizes(own)).reduce((a, b) => a + b, 0)
    // The client hears of it before the store has given back what the upload had taken: a few more requests at most.
    for (let i = 0; i < 500 && own.store.usedBytes !== kept; i++) await stored('stalled')
    assert.equal((await stored('stalled')).status, 404)
    assert.equal(own.store.usedBytes, kept)
  })
})

async function sizes(own: OwnS3): Promise<number[]> {
  return (await own.store.list()).objects.map((object) => object.bytes)
}
