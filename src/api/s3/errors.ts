/** S3's errors: code, HTTP status, and how the storage port's codes appear to an S3 client. */
import { CodecError } from '../../core/canonical-cbor.ts'
import { LightmeshError } from '../../core/errors.ts'
import { StorageError, type StorageErrorCode } from '../../core/ports/storage.ts'

export const S3_STATUS = {
  AccessDenied: 403,
  AuthorizationHeaderMalformed: 400,
  AuthorizationQueryParametersError: 400,
  BadDigest: 400,
  BucketAlreadyOwnedByYou: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  ExpiredToken: 400,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidDigest: 400,
  InvalidPart: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidURI: 400,
  KeyTooLongError: 400,
  MalformedXML: 400,
  MethodNotAllowed: 405,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NotImplemented: 501,
  PreconditionFailed: 412,
  QuotaExceeded: 403,
  RequestHeaderSectionTooLarge: 400,
  RequestTimeTooSkewed: 403,
  SignatureDoesNotMatch: 403,
  SlowDown: 503,
  XAmzContentSHA256Mismatch: 400,
} as const
export type S3ErrorCode = keyof typeof S3_STATUS

export class S3Error extends LightmeshError<S3ErrorCode> {
  override readonly name = 'S3Error'

  get status(): number {
    return S3_STATUS[this.code]
  }
}

const FROM_STORAGE: Record<StorageErrorCode, S3ErrorCode> = {
  'access-denied': 'AccessDenied',
  aborted: 'InternalError',
  'backend-failed': 'InternalError',
  'clock-skew': 'RequestTimeTooSkewed',
  'container-missing': 'NoSuchBucket',
  'digest-mismatch': 'BadDigest',
  expired: 'ExpiredToken',
  'invalid-config': 'InternalError',
  'invalid-key': 'KeyTooLongError',
  'malformed-response': 'InternalError',
  'object-missing': 'NoSuchKey',
  'part-invalid': 'InvalidPart',
  'precondition-failed': 'PreconditionFailed',
  'quota-exceeded': 'QuotaExceeded',
  'range-invalid': 'InvalidRange',
  throttled: 'SlowDown',
  timeout: 'SlowDown',
  unreachable: 'SlowDown',
  unsupported: 'NotImplemented',
  'upload-missing': 'NoSuchUpload',
  'wrong-length': 'IncompleteBody',
}

/** Any error as one of S3's. What is not known is `InternalError` without a detail: messages could name paths or hosts. */
export function toS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error
  if (error instanceof StorageError) {
    const code = FROM_STORAGE[error.code]
    return new S3Error(code, code === 'InternalError' ? 'the store failed' : error.message, { cause: error })
  }
  if (error instanceof CodecError) return new S3Error('InternalError', 'the store is damaged', { cause: error })
  return new S3Error('InternalError', 'the request could not be completed', { cause: error })
}
