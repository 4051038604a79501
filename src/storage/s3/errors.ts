/** Errors of the AWS SDK and of S3 servers as the storage port's codes. */
import { StorageError, type StorageErrorCode } from '../../core/ports/storage.ts'
import { networkErrorCode } from '../network-errors.ts'

const BY_NAME: Record<string, StorageErrorCode> = {
  AccessDenied: 'access-denied',
  AllAccessDisabled: 'access-denied',
  BadDigest: 'digest-mismatch',
  EntityTooSmall: 'wrong-length',
  ExpiredToken: 'expired',
  IncompleteBody: 'wrong-length',
  InvalidAccessKeyId: 'access-denied',
  InvalidPart: 'part-invalid',
  InvalidPartOrder: 'part-invalid',
  InvalidRange: 'range-invalid',
  KeyTooLongError: 'invalid-key',
  MethodNotAllowed: 'unsupported',
  NoSuchBucket: 'container-missing',
  NoSuchKey: 'object-missing',
  NoSuchUpload: 'upload-missing',
  NotFound: 'object-missing',
  NotImplemented: 'unsupported',
  PreconditionFailed: 'precondition-failed',
  QuotaExceeded: 'quota-exceeded',
  RequestTimeTooSkewed: 'clock-skew',
  RequestTimeout: 'timeout',
  SignatureDoesNotMatch: 'access-denied',
  SlowDown: 'throttled',
  TimeoutError: 'timeout',
  XAmzContentSHA256Mismatch: 'digest-mismatch',
}

const BY_STATUS: Record<number, StorageErrorCode> = {
  400: 'backend-failed',
  401: 'access-denied',
  403: 'access-denied',
  404: 'object-missing',
  405: 'unsupported',
  409: 'precondition-failed',
  411: 'unsupported',
  412: 'precondition-failed',
  416: 'range-invalid',
  429: 'throttled',
  501: 'unsupported',
  503: 'throttled',
}

/** The signal's own reason is passed on as it is. */
export function toStorageError(error: unknown, doing: string, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason
  if (error instanceof StorageError) return error
  const found = error as { name?: string; message?: string; $metadata?: { httpStatusCode?: number } }
  const code =
    BY_NAME[found.name ?? ''] ??
    networkErrorCode(error) ??
    BY_STATUS[found.$metadata?.httpStatusCode ?? 0] ??
    'backend-failed'
  return new StorageError(code, `${doing}: ${found.name ?? 'error'}: ${found.message ?? ''}`, { cause: error })
}
