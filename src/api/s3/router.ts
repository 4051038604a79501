/** Which operation a request is, and which right it needs. */
import * as bucket from './bucket-operations.ts'
import type { S3Operation } from './credentials.ts'
import { S3Error } from './errors.ts'
import { listObjects } from './list-objects.ts'
import * as multipart from './multipart-operations.ts'
import * as object from './object-operations.ts'
import type { S3Handler } from './operation.ts'
import type { S3Request } from './request.ts'

export interface Route {
  /** S3's name of the operation, for logs and metrics. */
  name: string
  right: S3Operation
  handler: S3Handler
}

/** Subresources that S3 knows and this endpoint does not serve. Silently ignoring one would do something else instead. */
const UNSERVED = new Set(
  'acl accelerate analytics attributes cors encryption intelligent-tiering inventory legal-hold lifecycle logging metrics notification object-lock ownershipControls policy policyStatus publicAccessBlock replication requestPayment restore retention select tagging torrent versionId versions website'.split(
    ' ',
  ),
)

const route = (name: string, right: S3Operation, handler: S3Handler): Route => ({ name, right, handler })

const OBJECT_ROUTES: Record<string, Route> = {
  GET: route('GetObject', 'read', object.getObject),
  HEAD: route('HeadObject', 'read', object.headObject),
  PUT: route('PutObject', 'write', object.putObject),
  DELETE: route('DeleteObject', 'delete', object.deleteObject),
  'PUT copy': route('CopyObject', 'write', object.copyObject),
  'POST uploads': route('CreateMultipartUpload', 'write', multipart.createUpload),
  'PUT uploadId': route('UploadPart', 'write', multipart.putPart),
  'GET uploadId': route('ListParts', 'write', multipart.listParts),
  'POST uploadId': route('CompleteMultipartUpload', 'write', multipart.completeUpload),
  'DELETE uploadId': route('AbortMultipartUpload', 'write', multipart.abortUpload),
}

const BUCKET_ROUTES: Record<string, Route> = {
  GET: route('ListObjects', 'list', listObjects),
  HEAD: route('HeadBucket', 'list', bucket.headBucket),
  PUT: route('CreateBucket', 'list', bucket.createBucket),
  'GET location': route('GetBucketLocation', 'list', bucket.bucketLocation),
  'GET versioning': route('GetBucketVersioning', 'list', bucket.bucketVersioning),
  'POST delete': route('DeleteObjects', 'delete', bucket.deleteObjects),
}

const SERVICE_ROUTES: Record<string, Route> = { GET: route('ListBuckets', 'list', bucket.listBuckets) }

/** @throws {S3Error} `NotImplemented` for a subresource, `MethodNotAllowed` for a method that is not served. */
export function routeOf(request: S3Request): Route {
  const names = new Set(request.query.map(([name]) => name))
  const unserved = [...names].find((name) => UNSERVED.has(name))
  if (unserved !== undefined) throw new S3Error('NotImplemented', `?${unserved} is not served here`)
  const routes = request.bucket === '' ? SERVICE_ROUTES : request.key === '' ? BUCKET_ROUTES : OBJECT_ROUTES
  const sub = ['uploadId', 'uploads', 'location', 'versioning', 'delete'].find((name) => names.has(name))
  const copy = request.method === 'PUT' && request.headers.has('x-amz-copy-source') ? 'copy' : undefined
  const found = routes[[request.method, sub ?? copy].filter(Boolean).join(' ')]
  if (!found) throw new S3Error('MethodNotAllowed', `${request.method} is not allowed on this resource`)
  return found
}
