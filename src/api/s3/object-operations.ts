/** PUT, GET, HEAD, DELETE and copy of one object. */

import { S3Error } from './errors.ts'
import { checkConditions, headersOf, putHeaders, rangeOf, unquote } from './object-headers.ts'
import type { S3Call, S3Reply } from './operation.ts'
import { xmlReply } from './operation.ts'
import { renderXml } from './xml.ts'

export async function putObject({ request, store, payload, source, signal }: S3Call): Promise<S3Reply> {
  const { bytes, open } = payload()
  const options = { ...putHeaders(request), bytes, signal }
  const head = await store.put(request.key, open(source()), options)
  return { status: 200, headers: { etag: `"${head.etag}"` } }
}

export async function getObject({ request, store, signal }: S3Call): Promise<S3Reply> {
  const { bytes } = await store.head(request.key, { signal })
  const range = rangeOf(request, bytes)
  const found = await store.get(request.key, { ...(range && { range }), signal })
  const headers = headersOf(found.head, request)
  try {
    if (checkConditions(request, found.head) === 'not-modified') {
      await release(found.body)
      return { status: 304, headers }
    }
  } catch (error) {
    await release(found.body)
    throw error
  }
  if (!found.range)
    return { status: 200, headers: { ...headers, 'content-length': String(found.head.bytes) }, body: found.body }
  const { start, end } = found.range
  headers['content-range'] = `bytes ${start}-${end}/${found.head.bytes}`
  return { status: 206, headers: { ...headers, 'content-length': String(end - start + 1) }, body: found.body }
}

export async function headObject({ request, store, signal }: S3Call): Promise<S3Reply> {
  const head = await store.head(request.key, { signal })
  const headers = headersOf(head, request)
  if (checkConditions(request, head) === 'not-modified') return { status: 304, headers }
  const range = rangeOf(request, head.bytes)
  if (!range) return { status: 200, headers: { ...headers, 'content-length': String(head.bytes) } }
  const length = String(range.end - range.start + 1)
  headers['content-range'] = `bytes ${range.start}-${range.end}/${head.bytes}`
  return { status: 206, headers: { ...headers, 'content-length': length } }
}

export async function deleteObject({ request, store, signal }: S3Call): Promise<S3Reply> {
  await store.delete(request.key, { signal })
  return { status: 204 }
}

/** Within this endpoint; the bytes go through it. */
export async function copyObject(call: S3Call): Promise<S3Reply> {
  const { request, store, signal } = call
  const [bucket, key] = copySource(request.headers.get('x-amz-copy-source') ?? '')
  const from = await call.storeToRead(bucket, key).get(key, { signal })
  const ifMatch = request.headers.get('x-amz-copy-source-if-match')
  if (ifMatch !== undefined && unquote(ifMatch) !== from.head.etag) {
    await release(from.body)
    throw new S3Error('PreconditionFailed', 'the source has changed')
  }
  const replace = request.headers.get('x-amz-metadata-directive')?.toUpperCase() === 'REPLACE'
  const { contentType, metadata } = replace ? putHeaders(request) : from.head
  const head = await store.put(request.key, from.body, {
    bytes: from.head.bytes,
    ...(contentType !== undefined && { contentType }),
    ...(metadata !== undefined && { metadata }),
    signal,
  })
  const LastModified = new Date(head.lastModifiedMs).toISOString()
  return xmlReply(renderXml('CopyObjectResult', { LastModified, ETag: `"${head.etag}"` }))
}

function copySource(header: string): [bucket: string, key: string] {
  try {
    const path = decodeURIComponent(header.replace(/^\//, ''))
    const slash = path.indexOf('/')
    if (slash > 0 && slash < path.length - 1) return [path.slice(0, slash), path.slice(slash + 1)]
  } catch {}
  throw new S3Error('InvalidArgument', 'x-amz-copy-source is /bucket/key')
}

async function release(body: AsyncIterable<Uint8Array>): Promise<void> {
  await body[Symbol.asyncIterator]().return?.()
}
