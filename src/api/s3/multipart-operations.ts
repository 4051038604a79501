/** Multipart uploads: create, upload part, list parts, complete, abort. */
import type { MultipartStore } from '../../core/ports/storage.ts'
import { readDocument } from './document.ts'
import { S3Error } from './errors.ts'
import { putHeaders, unquote } from './object-headers.ts'
import { type S3Call, type S3Reply, xmlReply } from './operation.ts'
import { queryInteger, queryValue } from './request.ts'
import { listOf, parseXml, renderXml } from './xml.ts'

const MAX_PARTS = 10_000

function multipartOf({ store }: S3Call): MultipartStore {
  if (!store.multipart) throw new S3Error('NotImplemented', 'this store takes no multipart uploads')
  return store.multipart
}

const uploadIdOf = ({ request }: S3Call) => queryValue(request, 'uploadId') ?? ''

export async function createUpload(call: S3Call): Promise<S3Reply> {
  const { contentType, metadata } = putHeaders(call.request)
  const UploadId = await multipartOf(call).create(call.request.key, {
    ...(contentType !== undefined && { contentType }),
    ...(metadata !== undefined && { metadata }),
    signal: call.signal,
  })
  const { bucket: Bucket, key: Key } = call.request
  return xmlReply(renderXml('InitiateMultipartUploadResult', { Bucket, Key, UploadId }))
}

export async function putPart(call: S3Call): Promise<S3Reply> {
  if (call.request.headers.has('x-amz-copy-source'))
    throw new S3Error('NotImplemented', 'parts are uploaded, not copied')
  const number = queryInteger(call.request, 'partNumber', { min: 1, max: MAX_PARTS }) ?? 0
  const { bytes, open } = call.payload()
  const part = await multipartOf(call).putPart(call.request.key, uploadIdOf(call), number, open(call.source()), {
    bytes,
    signal: call.signal,
  })
  return { status: 200, headers: { etag: `"${part.etag}"` } }
}

export async function listParts(call: S3Call): Promise<S3Reply> {
  const { bucket: Bucket, key: Key } = call.request
  const UploadId = uploadIdOf(call)
  const all = await multipartOf(call).listParts(Key, UploadId, { signal: call.signal })
  const marker = queryInteger(call.request, 'part-number-marker', { min: 0, max: MAX_PARTS }) ?? 0
  const maxParts = Math.min(1000, queryInteger(call.request, 'max-parts', { min: 1, max: MAX_PARTS }) ?? 1000)
  const rest = all.filter((part) => part.number > marker)
  const page = rest.slice(0, maxParts)
  const more = rest.length > page.length
  return xmlReply(
    renderXml('ListPartsResult', {
      Bucket,
      Key,
      UploadId,
      PartNumberMarker: marker,
      NextPartNumberMarker: more ? page.at(-1)?.number : undefined,
      MaxParts: maxParts,
      IsTruncated: more,
      Part: page.map((part) => ({ PartNumber: part.number, ETag: `"${part.etag}"`, Size: part.bytes })),
    }),
  )
}

export async function completeUpload(call: S3Call): Promise<S3Reply> {
  const document = parseXml(await readDocument(call), 'CompleteMultipartUpload')
  const parts = listOf(document.Part).map((part) => {
    const { PartNumber, ETag } = (part ?? {}) as Record<string, unknown>
    if (typeof PartNumber !== 'string' || !/^\d{1,5}$/.test(PartNumber) || typeof ETag !== 'string')
      throw new S3Error('MalformedXML', 'a part has PartNumber and ETag')
    return { number: Number(PartNumber), etag: unquote(ETag) }
  })
  if (parts.length === 0 || parts.length > MAX_PARTS) throw new S3Error('MalformedXML', `1–${MAX_PARTS} parts`)
  const { bucket: Bucket, key: Key } = call.request
  const head = await multipartOf(call).complete(Key, uploadIdOf(call), parts, { signal: call.signal })
  return xmlReply(renderXml('CompleteMultipartUploadResult', { Bucket, Key, ETag: `"${head.etag}"` }))
}

export async function abortUpload(call: S3Call): Promise<S3Reply> {
  await multipartOf(call).abort(call.request.key, uploadIdOf(call), { signal: call.signal })
  return { status: 204 }
}
