/** Headers between an object's head and HTTP: metadata, conditions, ranges. */
import type { ByteRange, ObjectHead, PutOptions } from '../../core/ports/storage.ts'
import { S3Error } from './errors.ts'
import { LIMITS } from './limits.ts'
import { queryValue, type S3Request } from './request.ts'

/** Response headers that a signed request may override by query. */
const OVERRIDES = [
  'content-type',
  'content-disposition',
  'content-language',
  'content-encoding',
  'cache-control',
  'expires',
]

export function headersOf(head: ObjectHead, request?: S3Request): Record<string, string> {
  const headers: Record<string, string> = {
    etag: `"${head.etag}"`,
    'last-modified': new Date(head.lastModifiedMs).toUTCString(),
    'accept-ranges': 'bytes',
    'content-type': head.contentType ?? 'binary/octet-stream',
  }
  for (const [name, value] of Object.entries(head.metadata ?? {})) headers[`x-amz-meta-${name}`] = value
  for (const name of OVERRIDES) {
    const value = request && queryValue(request, `response-${name}`)
    if (value !== undefined && /^[\x20-\x7e]*$/.test(value)) headers[name] = value
  }
  return headers
}

/** Content type, user metadata and write conditions of a PUT. */
export function putHeaders(request: S3Request): Pick<PutOptions, 'contentType' | 'metadata' | 'ifAbsent' | 'ifMatch'> {
  const metadata: Record<string, string> = {}
  let size = 0
  for (const [name, value] of request.headers) {
    if (!name.startsWith('x-amz-meta-')) continue
    metadata[name.slice(11)] = value
    size += name.length - 11 + Buffer.byteLength(value)
  }
  if (size > LIMITS.metadataBytes)
    throw new S3Error('InvalidArgument', `metadata of ${LIMITS.metadataBytes} bytes at the most`)
  const contentType = request.headers.get('content-type')
  const ifNoneMatch = request.headers.get('if-none-match')
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*')
    throw new S3Error('NotImplemented', 'writes take If-None-Match: * only')
  const ifMatch = request.headers.get('if-match')
  return {
    ...(contentType !== undefined && contentType !== '' && { contentType }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
    ...(ifNoneMatch === '*' && { ifAbsent: true }),
    ...(ifMatch !== undefined && { ifMatch: unquote(ifMatch) }),
  }
}

/** RFC 9110 §13.2.2 in its order. `not-modified` is an answer, a failed If-Match an error. */
export function checkConditions(request: S3Request, head: ObjectHead): 'proceed' | 'not-modified' {
  const header = (name: string) => request.headers.get(name)
  // HTTP dates have whole seconds.
  const modified = Math.floor(head.lastModifiedMs / 1000) * 1000
  const ifMatch = header('if-match')
  const since = Date.parse(header('if-unmodified-since') ?? '')
  if (ifMatch !== undefined ? !matchesEtag(ifMatch, head.etag) : modified > since)
    throw new S3Error('PreconditionFailed', 'the object has changed')
  const ifNoneMatch = header('if-none-match')
  if (ifNoneMatch !== undefined) return matchesEtag(ifNoneMatch, head.etag) ? 'not-modified' : 'proceed'
  return modified <= Date.parse(header('if-modified-since') ?? '') ? 'not-modified' : 'proceed'
}

/**
 * The one range of a request. Several ranges or nonsense give the whole object, as S3 does.
 * @throws {S3Error} `InvalidRange` when it lies outside the object.
 */
export function rangeOf(request: S3Request, bytes: number): ByteRange | undefined {
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(request.headers.get('range') ?? '') ?? []
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined
  const start = from === '' ? Math.max(0, bytes - Number(to)) : Number(from)
  const end = from === '' || to === '' ? bytes - 1 : Math.min(Number(to), bytes - 1)
  if (from !== '' && to !== '' && Number(to) < start) return undefined
  if (start > end) throw new S3Error('InvalidRange', `the object has ${bytes} bytes`)
  return { start, end }
}

export function unquote(etag: string): string {
  return etag.trim().replace(/^(?:W\/)?"?|"$/g, '')
}

function matchesEtag(list: string, etag: string): boolean {
  return list.split(',').some((entry) => entry.trim() === '*' || unquote(entry) === etag)
}
