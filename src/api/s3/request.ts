/** An S3 request's parts, taken from the bytes as they were received: signatures are over the raw path and host. */
import type { IncomingMessage } from 'node:http'
import { MAX_KEY_BYTES } from '../../core/ports/storage.ts'
import { S3Error } from './errors.ts'
import { LIMITS } from './limits.ts'

export interface S3Request {
  method: string
  /** Percent-encoded, as received. */
  rawPath: string
  /** Decoded, in order. */
  query: readonly (readonly [name: string, value: string])[]
  /** Lower-case names; several of one name joined by `,`. */
  headers: ReadonlyMap<string, string>
  /** Empty for the service itself. */
  bucket: string
  /** Empty for a bucket. */
  key: string
}

/** @param domain accept `bucket.domain` as Host beside `/bucket/key`. @throws {S3Error} */
export function parseRequest(message: IncomingMessage, domain?: string): S3Request {
  const target = message.url ?? '/'
  if (target.length > LIMITS.urlBytes || !target.startsWith('/'))
    throw new S3Error('InvalidURI', 'unusable request target')
  const mark = target.indexOf('?')
  const rawPath = mark < 0 ? target : target.slice(0, mark)
  const headers = joinHeaders(message.rawHeaders)
  const virtual = virtualBucket(headers.get('host') ?? '', domain)
  const [bucket, rawKey] = virtual === undefined ? splitPath(rawPath) : [virtual, rawPath.slice(1)]
  const key = decode(rawKey)
  if (Buffer.byteLength(key) > MAX_KEY_BYTES)
    throw new S3Error('KeyTooLongError', `keys have ${MAX_KEY_BYTES} bytes at most`)
  if (key.includes('\0')) throw new S3Error('InvalidURI', 'keys have no NUL')
  return {
    method: message.method ?? 'GET',
    rawPath,
    query: mark < 0 ? [] : parseQuery(target.slice(mark + 1)),
    headers,
    bucket: decode(bucket),
    key,
  }
}

export function queryValue(request: S3Request, name: string): string | undefined {
  return request.query.find(([n]) => n === name)?.[1]
}

/** @throws {S3Error} `InvalidArgument` for anything but an integer in the range. */
export function queryInteger(
  request: S3Request,
  name: string,
  range: { min: number; max: number },
): number | undefined {
  const text = queryValue(request, name)
  if (text === undefined || text === '') return undefined
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (value >= range.min && value <= range.max) return value
  throw new S3Error('InvalidArgument', `${name} is an integer from ${range.min} to ${range.max}`)
}

/** The body's length. @throws {S3Error} `MissingContentLength`, `EntityTooLarge`. */
export function bodyLength(request: S3Request, header: 'content-length' | 'x-amz-decoded-content-length'): number {
  const text = request.headers.get(header)
  if (text === undefined || !/^\d{1,15}$/.test(text)) throw new S3Error('MissingContentLength', `${header} is required`)
  return Number(text)
}

function parseQuery(text: string): [string, string][] {
  return text
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const mark = part.indexOf('=')
      // `+` is a space in forms; S3 signs and decodes it so, too.
      const plain = (s: string) => decode(s.replaceAll('+', ' '))
      return mark < 0 ? [plain(part), ''] : [plain(part.slice(0, mark)), plain(part.slice(mark + 1))]
    })
}

function splitPath(rawPath: string): [bucket: string, key: string] {
  const slash = rawPath.indexOf('/', 1)
  return slash < 0 ? [rawPath.slice(1), ''] : [rawPath.slice(1, slash), rawPath.slice(slash + 1)]
}

function virtualBucket(host: string, domain: string | undefined): string | undefined {
  const name = host.replace(/:\d+$/, '')
  return domain !== undefined && name.endsWith(`.${domain}`) ? name.slice(0, -domain.length - 1) : undefined
}

function joinHeaders(raw: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>()
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase()
    // Node reads header bytes as Latin-1; S3 clients sign UTF-8.
    const value = Buffer.from(raw[i + 1]!, 'latin1').toString('utf8')
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before},${value}`)
  }
  return headers
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new S3Error('InvalidURI', 'bad percent-encoding', { cause })
  }
}
