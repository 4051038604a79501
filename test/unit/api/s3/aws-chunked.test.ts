/** aws-chunked framing: the worked example of Amazon's reference, and every way to break it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decodeAwsChunked } from '../../../../src/api/s3/aws-chunked.ts'
import { S3Error, type S3ErrorCode } from '../../../../src/api/s3/errors.ts'
import { signingKey } from '../../../../src/core/sigv4/canonical.ts'

// "Example: PUT with chunked upload" of the S3 API reference: 66,560 times `a` in chunks of 64 KiB and 1 KiB.
const scope = { date: '20130524', region: 'us-east-1', service: 's3' }
const chain = {
  key: signingKey('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', scope),
  timestamp: '20130524T000000Z',
  scope,
  signature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
}
const CHUNKS = [
  [65_536, 'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648'],
  [1024, '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497'],
  [0, 'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9'],
] as const
const EXAMPLE = CHUNKS.map(
  ([size, signature]) => `${size.toString(16)};chunk-signature=${signature}\r\n${'a'.repeat(size)}\r\n`,
).join('')

async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text, 'latin1')
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

interface Decoding {
  signed?: boolean
  trailer?: boolean
  size?: number
}

async function decode(text: string, { signed = false, trailer = false, size = 7000 }: Decoding = {}) {
  let trailers: ReadonlyMap<string, string> | undefined
  const chunks: Uint8Array[] = []
  for await (const chunk of decodeAwsChunked(pieces(text, size), {
    ...(signed && { chain }),
    trailer,
    onTrailers: (found) => {
      trailers = found
    },
  }))
    chunks.push(chunk)
  return { data: Buffer.concat(chunks).toString(), trailers: Object.fromEntries(trailers ?? []) }
}

const refused = (work: Promise<unknown>, code: S3ErrorCode) =>
  assert.rejects(work, (error) => error instanceof S3Error && error.code === code)

describe('decodeAwsChunked', () => {
  it('default', async () => {
    assert.equal((await decode(EXAMPLE, { signed: true })).data, 'a'.repeat(66_560))
  })

  it('behavior: the cut of the stream does not matter', async () => {
    const text = '3\r\nabc\r\n2\r\nde\r\n0\r\nx-amz-checksum-crc32: AAAA\r\n\r\n'
    for (const size of [1, 2, 3, 5, 100])
      assert.deepEqual(await decode(text, { trailer: true, size }), {
        data: 'abcde',
        trailers: { 'x-amz-checksum-crc32': 'AAAA' },
      })
  })

  it('behavior: the empty line at the end may be missing', async () => {
    assert.equal((await decode('1\r\na\r\n0\r\n')).data, 'a')
  })

  it('error: a changed byte, a changed signature, chunks in another order', async () => {
    await refused(decode(EXAMPLE.replace('aaaa', 'aaba'), { signed: true }), 'SignatureDoesNotMatch')
    await refused(decode(EXAMPLE.replace('b6c6', 'b6c7'), { signed: true }), 'SignatureDoesNotMatch')
    await refused(decode(EXAMPLE.replace(/;chunk-signature=\w+/, ''), { signed: true }), 'SignatureDoesNotMatch')
    await refused(decode(EXAMPLE.slice(EXAMPLE.indexOf('400;')), { signed: true }), 'SignatureDoesNotMatch')
  })

  it('error: a stream that ends early or goes on', async () => {
    await refused(decode(EXAMPLE.slice(0, -200), { signed: true }), 'IncompleteBody')
    await refused(decode('3\r\nab'), 'IncompleteBody')
    await refused(decode('3\r\nabc\r\n'), 'IncompleteBody')
    await refused(decode('0\r\n\r\nmore'), 'IncompleteBody')
  })

  it('error: framing that is none', async () => {
    for (const text of ['hello', 'zz\r\n', '-1\r\n', `${'1'.repeat(600)}\r\n`, '3\r\nabcd\r\n0\r\n\r\n', '1\nab\n0\n'])
      await refused(decode(text), 'IncompleteBody')
  })

  it('error: trailers that were not announced, or too many', async () => {
    await refused(decode('0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n'), 'IncompleteBody')
    const many = Array.from({ length: 9 }, (_, i) => `x-${i}:1\r\n`).join('')
    await refused(decode(`0\r\n${many}\r\n`, { trailer: true }), 'IncompleteBody')
  })
})
