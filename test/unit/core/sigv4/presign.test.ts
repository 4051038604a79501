/** Against the worked examples of Amazon's S3 API reference. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  amzTimestamp,
  canonicalRequest,
  EMPTY_SHA256,
  parseAmzTimestamp,
  signingKey,
  signWith,
  stringToSign,
  uriEncode,
} from '../../../../src/core/sigv4/canonical.ts'
import { presignS3Url, s3Location } from '../../../../src/core/sigv4/presign.ts'

const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }
const scope = { date: '20130524', region: 'us-east-1', service: 's3' }

describe('signWith', () => {
  it('default', () => {
    // "Example: GET Object" of the reference.
    const canonical = canonicalRequest({
      method: 'GET',
      path: '/test.txt',
      query: [],
      headers: new Map([
        ['host', 'examplebucket.s3.amazonaws.com'],
        ['range', 'bytes=0-9'],
        ['x-amz-content-sha256', EMPTY_SHA256],
        ['x-amz-date', '20130524T000000Z'],
      ]),
      payloadHash: EMPTY_SHA256,
    })
    const signature = signWith(
      signingKey(keys.secretAccessKey, scope),
      stringToSign('20130524T000000Z', scope, canonical),
    )
    assert.equal(signature, 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41')
  })
})

describe('presignS3Url', () => {
  it('default', () => {
    // "Authenticating Requests: Using Query Parameters", the reference's example.
    const url = presignS3Url({
      endpoint: 'https://s3.amazonaws.com',
      region: 'us-east-1',
      bucket: 'examplebucket',
      pathStyle: false,
      method: 'GET',
      key: 'test.txt',
      keys,
      nowMs: Date.UTC(2013, 4, 24),
      expiresInSeconds: 86400,
    })
    assert.equal(
      url,
      'https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    )
  })
  it('behavior: chosen headers and the session token are inside the signature', () => {
    const base = {
      endpoint: 'http://127.0.0.1:9000',
      region: 'default',
      bucket: 'b',
      pathStyle: true,
      method: 'PUT',
      key: 'ä/ö',
      keys,
      nowMs: 0,
      expiresInSeconds: 60,
    }
    const url = new URL(presignS3Url({ ...base, headers: { 'content-length': '5' } }))
    assert.equal(url.searchParams.get('X-Amz-SignedHeaders'), 'content-length;host')
    assert.equal(url.pathname, '/b/%C3%A4/%C3%B6')
    const other = new URL(presignS3Url({ ...base, headers: { 'content-length': '6' } }))
    assert.notEqual(url.searchParams.get('X-Amz-Signature'), other.searchParams.get('X-Amz-Signature'))
    const token = new URL(presignS3Url({ ...base, keys: { ...keys, sessionToken: 't+/=' } }))
    assert.equal(token.searchParams.get('X-Amz-Security-Token'), 't+/=')
  })
})

describe('s3Location', () => {
  it('behavior: virtual-host style puts the bucket into the host', () => {
    const address = { endpoint: 'https://s3.example:444', region: 'r', bucket: 'bkt', pathStyle: false }
    assert.deepEqual(s3Location(address, 'a b'), { origin: 'https://bkt.s3.example:444', path: '/a%20b' })
  })
})

describe('uriEncode', () => {
  it('behavior: reserved characters are encoded, unreserved ones are not', () => {
    assert.equal(uriEncode("a-_.~/ +!'()*é"), 'a-_.~%2F%20%2B%21%27%28%29%2A%C3%A9')
    assert.equal(uriEncode('a/b', true), 'a/b')
  })
})

describe('parseAmzTimestamp', () => {
  it('default', () => {
    assert.equal(parseAmzTimestamp(amzTimestamp(1_700_000_000_000)), 1_700_000_000_000)
  })
  it('error: anything else is undefined', () => {
    for (const text of ['', '20130524', '2013-05-24T00:00:00Z', '20131399T000000Z', '20130230T000000Z'])
      assert.equal(parseAmzTimestamp(text), undefined, text)
  })
})
