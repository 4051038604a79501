/** ListObjects, versions 1 and 2. */
import type { ObjectHead, ObjectStore } from '../../core/ports/storage.ts'
import { uriEncode } from '../../core/sigv4/canonical.ts'
import { S3Error } from './errors.ts'
import { type S3Call, type S3Reply, xmlReply } from './operation.ts'
import { queryInteger, queryValue } from './request.ts'
import { renderXml, type XmlTree } from './xml.ts'

/** Greater than any character of a key, but for keys that hold this very one: those are skipped one by one. */
const LAST_CHARACTER = '\u{10ffff}'

interface Listing {
  /** Objects and common prefixes in key order. */
  objects: ObjectHead[]
  prefixes: string[]
  /** Last key or prefix taken, when more follow. */
  next: string | undefined
}

export async function listObjects({ request, store, signal }: S3Call): Promise<S3Reply> {
  const v2 = queryValue(request, 'list-type') === '2'
  const encoding = queryValue(request, 'encoding-type')
  if (encoding !== undefined && encoding !== 'url') throw new S3Error('InvalidArgument', 'encoding-type is url')
  const prefix = queryValue(request, 'prefix') ?? ''
  const delimiter = queryValue(request, 'delimiter') || undefined
  const maxKeys = Math.min(1000, queryInteger(request, 'max-keys', { min: 0, max: 2 ** 31 - 1 }) ?? 1000)
  const token = queryValue(request, 'continuation-token')
  const startAfter = queryValue(request, 'start-after')
  const marker = queryValue(request, 'marker')
  const after = v2 ? (token === undefined ? startAfter : fromToken(token)) : marker
  const listing = await collect(store, { prefix, delimiter, after: after || undefined, maxKeys, signal })
  const text = (value: string) => (encoding === 'url' ? uriEncode(value, true) : value)
  const optional = (value: string | undefined) => (value === undefined ? undefined : text(value))
  const common: XmlTree = {
    Name: request.bucket,
    Prefix: text(prefix),
    Delimiter: optional(delimiter),
    MaxKeys: maxKeys,
    EncodingType: encoding,
    IsTruncated: listing.next !== undefined,
  }
  const entries: XmlTree = {
    Contents: listing.objects.map((object) => contents(object, text, !v2)),
    CommonPrefixes: listing.prefixes.map((p) => ({ Prefix: text(p) })),
  }
  const paging: XmlTree = v2
    ? {
        KeyCount: listing.objects.length + listing.prefixes.length,
        ContinuationToken: token,
        StartAfter: optional(startAfter),
        NextContinuationToken: listing.next === undefined ? undefined : toToken(listing.next),
      }
    : // Version 1 gives NextMarker only with a delimiter; otherwise the last key is the marker.
      { Marker: text(marker ?? ''), NextMarker: delimiter === undefined ? undefined : optional(listing.next) }
  return xmlReply(renderXml('ListBucketResult', { ...common, ...paging, ...entries }))
}

function contents(object: ObjectHead, text: (value: string) => string, owner: boolean): XmlTree {
  return {
    Key: text(object.key),
    LastModified: new Date(object.lastModifiedMs).toISOString(),
    ETag: `"${object.etag}"`,
    Size: object.bytes,
    StorageClass: 'STANDARD',
    ...(owner && { Owner: { ID: 'lightmesh', DisplayName: 'lightmesh' } }),
  }
}

interface CollectOptions {
  prefix: string
  delimiter: string | undefined
  after: string | undefined
  maxKeys: number
  signal: AbortSignal
}

async function collect(store: ObjectStore, options: CollectOptions): Promise<Listing> {
  const { prefix, delimiter, after, maxKeys, signal } = options
  const listing: Listing = { objects: [], prefixes: [], next: undefined }
  if (maxKeys === 0) return listing
  // A page that ended on a common prefix goes on behind everything below it.
  let skip = delimiter !== undefined && after?.startsWith(prefix) && after.endsWith(delimiter) ? after : undefined
  let cursor = skip === undefined ? after : behind(skip, skip)
  for (let last = after; ; ) {
    const page = await store.list({ prefix, ...(cursor !== undefined && { after: cursor }), limit: maxKeys, signal })
    for (const object of page.objects) {
      if (skip !== undefined && object.key.startsWith(skip)) continue
      if (listing.objects.length + listing.prefixes.length === maxKeys) return { ...listing, next: last }
      skip = commonPrefix(object.key, prefix, delimiter)
      if (skip === undefined) listing.objects.push(object)
      else listing.prefixes.push(skip)
      last = skip ?? object.key
    }
    const final = page.objects.at(-1)?.key
    if (!page.truncated || final === undefined) return listing
    cursor = skip === undefined ? final : behind(skip, final)
  }
}

/** The key up to and with the first delimiter after the prefix. */
function commonPrefix(key: string, prefix: string, delimiter: string | undefined): string | undefined {
  const end = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length)
  return end < 0 ? undefined : key.slice(0, end + (delimiter?.length ?? 0))
}

/** Where to go on when everything below `skip` is to be left out and `seen` was the last key seen. */
function behind(skip: string, seen: string): string {
  const jump = skip + LAST_CHARACTER
  return Buffer.compare(Buffer.from(jump), Buffer.from(seen)) > 0 ? jump : seen
}

function toToken(key: string): string {
  return Buffer.from(key).toString('base64url')
}

function fromToken(token: string): string {
  const key = Buffer.from(token, 'base64url').toString('utf8')
  if (token === '' || toToken(key) !== token)
    throw new S3Error('InvalidArgument', 'the continuation token is not one of ours')
  return key
}
