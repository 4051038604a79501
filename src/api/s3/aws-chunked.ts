/**
 * The aws-chunked framing of a body: `size;chunk-signature=…CRLF data CRLF … 0;…CRLF trailers CRLF`. Bytes are passed on as
 * they come; a chunk that proves false, or a false trailer, throws before the stream ends, so nothing is committed.
 */
import { createHash } from 'node:crypto'
import { EMPTY_SHA256, scopeText, sha256Hex, signWith } from '../../core/sigv4/canonical.ts'
import { type Identity, sameSignature } from './authenticate.ts'
import { ByteReader } from './byte-reader.ts'
import { S3Error } from './errors.ts'
import { LIMITS } from './limits.ts'

export interface AwsChunkedOptions {
  /** Verify chunk signatures that continue this one. */
  chain?: Identity['chain']
  /** Trailer lines follow the last chunk. */
  trailer: boolean
  /** Called with the trailers (lower-case names) before the stream ends; throws to refuse the body. */
  onTrailers(trailers: ReadonlyMap<string, string>): void
}

export async function* decodeAwsChunked(
  source: AsyncIterable<Uint8Array>,
  options: AwsChunkedOptions,
): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(source)
  let previous = options.chain?.signature ?? ''
  for (;;) {
    const { size, signature } = parseChunkLine(await reader.line(LIMITS.chunkLineBytes))
    const hash = options.chain && createHash('sha256')
    for (let left = size; left > 0; ) {
      const piece = await reader.some(left)
      hash?.update(piece)
      left -= piece.length
      yield piece
    }
    if (options.chain && hash) previous = checkChunk(options.chain, previous, hash.digest('hex'), signature)
    if (size === 0) break
    if ((await reader.line(2)) !== '') throw new S3Error('IncompleteBody', 'a chunk is longer than it says')
  }
  options.onTrailers(await readTrailers(reader, options, previous))
  if (!(await reader.atEnd())) throw new S3Error('IncompleteBody', 'bytes follow the last chunk')
}

function parseChunkLine(line: string): { size: number; signature: string | undefined } {
  const m = /^([0-9a-fA-F]{1,11})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line)
  if (!m?.[1]) throw new S3Error('IncompleteBody', 'the body is not in aws-chunked form')
  return { size: Number.parseInt(m[1], 16), signature: m[2] }
}

function checkChunk(
  chain: Identity['chain'],
  previous: string,
  dataHash: string,
  signature: string | undefined,
): string {
  const head = ['AWS4-HMAC-SHA256-PAYLOAD', chain.timestamp, scopeText(chain.scope), previous]
  const expected = signWith(chain.key, [...head, EMPTY_SHA256, dataHash].join('\n'))
  if (!signature || !sameSignature(expected, signature))
    throw new S3Error('SignatureDoesNotMatch', 'a chunk is not what was signed')
  return signature
}

/** Without trailers one empty line ends the body; some clients leave it out. */
async function readTrailers(
  reader: ByteReader,
  { chain, trailer }: AwsChunkedOptions,
  previous: string,
): Promise<Map<string, string>> {
  const trailers = new Map<string, string>()
  let signed = ''
  while (!(await reader.atEnd())) {
    const line = await reader.line(LIMITS.chunkLineBytes)
    if (line === '') break
    const [, name, value] = /^([A-Za-z0-9-]+):(.*)$/.exec(line) ?? []
    if (!trailer || !name || value === undefined || trailers.size === LIMITS.trailers)
      throw new S3Error('IncompleteBody', 'unexpected trailer')
    if (name.toLowerCase() !== 'x-amz-trailer-signature') signed += `${name.toLowerCase()}:${value.trim()}\n`
    trailers.set(name.toLowerCase(), value.trim())
  }
  if (chain && trailer) {
    const head = ['AWS4-HMAC-SHA256-TRAILER', chain.timestamp, scopeText(chain.scope), previous]
    const expected = signWith(chain.key, [...head, sha256Hex(signed)].join('\n'))
    if (!sameSignature(expected, trailers.get('x-amz-trailer-signature') ?? ''))
      throw new S3Error('SignatureDoesNotMatch', 'the trailer is not what was signed')
  }
  return trailers
}
