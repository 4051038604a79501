/** Requests about buckets. Buckets are made by configuration or reservation, never by an S3 client. */

import { readDocument } from './document.ts'
import { S3Error, toS3Error } from './errors.ts'
import { LIMITS } from './limits.ts'
import { type S3Call, type S3Reply, xmlReply } from './operation.ts'
import { listOf, parseXml, renderXml, type XmlTree } from './xml.ts'

export async function listBuckets(call: S3Call): Promise<S3Reply> {
  const Bucket = call.buckets().map((Name) => ({ Name, CreationDate: '1970-01-01T00:00:00.000Z' }))
  return xmlReply(
    renderXml('ListAllMyBucketsResult', {
      Owner: { ID: call.accessKeyId, DisplayName: call.accessKeyId },
      Buckets: { Bucket },
    }),
  )
}

export async function headBucket(): Promise<S3Reply> {
  return { status: 200 }
}

/** The store exists, or the request would not have come so far. */
export async function createBucket(): Promise<S3Reply> {
  throw new S3Error('BucketAlreadyOwnedByYou', 'the bucket exists')
}

export async function bucketLocation(): Promise<S3Reply> {
  return xmlReply(renderXml('LocationConstraint', {}))
}

export async function bucketVersioning(): Promise<S3Reply> {
  return xmlReply(renderXml('VersioningConfiguration', {}))
}

/** POST ?delete: up to 1,000 keys; each gets its own answer. */
export async function deleteObjects(call: S3Call): Promise<S3Reply> {
  const document = parseXml(await readDocument(call), 'Delete')
  const keys = listOf(document.Object).map((object) => (object as Record<string, unknown> | undefined)?.Key)
  if (keys.length === 0 || keys.length > LIMITS.deleteKeys || !keys.every((key) => typeof key === 'string'))
    throw new S3Error('MalformedXML', `1–${LIMITS.deleteKeys} objects with a key each`)
  const deleted: XmlTree[] = []
  const failed: XmlTree[] = []
  for (const Key of keys) {
    try {
      await call.store.delete(Key, { signal: call.signal })
      deleted.push({ Key })
    } catch (error) {
      const { code: Code, message: Message } = toS3Error(error)
      failed.push({ Key, Code, Message })
    }
  }
  return xmlReply(renderXml('DeleteResult', { Deleted: document.Quiet === 'true' ? [] : deleted, Error: failed }))
}
