/**
 * A request's body as verified bytes. Framing is told by the signed x-amz-content-sha256, never by Content-Encoding.
 * Whatever was promised (length, SHA-256, MD5, checksums, chunk signatures) is checked before the stream ends;
 * a store commits only a stream that ended.
 */
import { createHash } from 'node:crypto'
import { UNSIGNED_PAYLOAD } from '../../core/sigv4/canonical.ts'
import type { Identity } from './authenticate.ts'
import { decodeAwsChunked } from './aws-chunked.ts'
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm, createChecksum } from './checksums.ts'
import { S3Error } from './errors.ts'
import { LIMITS } from './limits.ts'
import { bodyLength, type S3Request } from './request.ts'

export interface Payload {
  /** Exact length of what `open` gives. */
  bytes: number
  /** Once. Throws `S3Error` inside the iteration. */
  open(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
}

interface Digest {
  name: string
  code: 'BadDigest' | 'XAmzContentSHA256Mismatch'
  update(data: Uint8Array): void
  /** Whether what came is what was promised. */
  matches(): boolean
}

const STREAMING = new Map([
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', { signed: true, trailer: false }],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', { signed: true, trailer: true }],
  ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', { signed: false, trailer: true }],
])

/** @throws {S3Error} for a body that can be refused by its headers alone. */
export function payloadOf(request: S3Request, identity: Identity, maxBytes: number = LIMITS.putBytes): Payload {
  const { payloadHash } = identity
  const streaming = STREAMING.get(payloadHash)
  if (!streaming && payloadHash !== UNSIGNED_PAYLOAD && !/^[0-9a-f]{64}$/.test(payloadHash))
    throw new S3Error('InvalidArgument', 'x-amz-content-sha256 is not a value that is understood here')
  const bytes = bodyLength(request, streaming ? 'x-amz-decoded-content-length' : 'content-length')
  if (bytes > maxBytes) throw new S3Error('EntityTooLarge', `${maxBytes} bytes at the most in one request`)
  const digests = headerDigests(request, payloadHash)
  if (!streaming) return { bytes, open: (source) => checked(source, bytes, digests) }
  const trailing = streaming.trailer ? trailingChecksum(request) : undefined
  if (trailing) digests.push(trailing.digest)
  return {
    bytes,
    open: (source) =>
      checked(
        decodeAwsChunked(source, {
          ...(streaming.signed && { chain: identity.chain }),
          trailer: streaming.trailer,
          onTrailers: (trailers) => trailing?.arrive(trailers),
        }),
        bytes,
        digests,
      ),
  }
}

async function* checked(
  source: AsyncIterable<Uint8Array>,
  bytes: number,
  digests: readonly Digest[],
): AsyncGenerator<Uint8Array> {
  let seen = 0
  for await (const chunk of source) {
    seen += chunk.length
    if (seen > bytes) throw new S3Error('IncompleteBody', 'the body is longer than announced')
    for (const digest of digests) digest.update(chunk)
    yield chunk
  }
  if (seen !== bytes) throw new S3Error('IncompleteBody', `${seen} of ${bytes} bytes arrived`)
  for (const digest of digests)
    if (!digest.matches()) throw new S3Error(digest.code, `the body does not match its ${digest.name}`)
}

function headerDigests(request: S3Request, payloadHash: string): Digest[] {
  const digests: Digest[] = []
  if (/^[0-9a-f]{64}$/.test(payloadHash)) digests.push(hashDigest('x-amz-content-sha256', 'sha256', 'hex', payloadHash))
  const md5 = request.headers.get('content-md5')
  if (md5 !== undefined) {
    if (Buffer.from(md5, 'base64').length !== 16)
      throw new S3Error('InvalidDigest', 'Content-MD5 is 16 bytes in base64')
    digests.push(hashDigest('Content-MD5', 'md5', 'base64', md5))
  }
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const name = `x-amz-checksum-${algorithm}`
    const expected = request.headers.get(name)
    if (expected === undefined) continue
    const checksum = createChecksum(algorithm)
    digests.push({ name, code: 'BadDigest', update: checksum.update, matches: () => checksum.digest() === expected })
  }
  return digests
}

function hashDigest(name: string, algorithm: 'sha256' | 'md5', encoding: 'hex' | 'base64', expected: string): Digest {
  const hash = createHash(algorithm)
  return {
    name,
    code: algorithm === 'md5' ? 'BadDigest' : 'XAmzContentSHA256Mismatch',
    update: (data) => void hash.update(data),
    matches: () => hash.digest(encoding) === expected,
  }
}

/** The checksum that `x-amz-trailer` announces; its value arrives after the last byte. */
function trailingChecksum(request: S3Request) {
  const name = (request.headers.get('x-amz-trailer') ?? '').trim().toLowerCase()
  const algorithm = name.replace('x-amz-checksum-', '')
  if (!CHECKSUM_ALGORITHMS.includes(algorithm as ChecksumAlgorithm))
    throw new S3Error('InvalidRequest', 'x-amz-trailer must announce one x-amz-checksum-*')
  const checksum = createChecksum(algorithm as ChecksumAlgorithm)
  let expected: string | undefined
  const digest: Digest = {
    name,
    code: 'BadDigest',
    update: checksum.update,
    matches: () => checksum.digest() === expected,
  }
  return {
    digest,
    arrive(trailers: ReadonlyMap<string, string>): void {
      expected = trailers.get(name)
      if (expected === undefined) throw new S3Error('IncompleteBody', `the trailer ${name} is missing`)
    },
  }
}
