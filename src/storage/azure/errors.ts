/** Errors of Azure's SDK and service as the storage port's codes. */
import { StorageError, type StorageErrorCode } from '../../core/ports/storage.ts'
import { networkErrorCode } from '../network-errors.ts'

const BY_CODE: Record<string, StorageErrorCode> = {
  AuthenticationFailed: 'access-denied',
  AuthorizationFailure: 'access-denied',
  AuthorizationPermissionMismatch: 'access-denied',
  AuthorizationProtocolMismatch: 'access-denied',
  BlobAlreadyExists: 'precondition-failed',
  BlobNotFound: 'object-missing',
  ConditionNotMet: 'precondition-failed',
  ContainerNotFound: 'container-missing',
  InvalidBlockList: 'part-invalid',
  InvalidRange: 'range-invalid',
  InvalidResourceName: 'invalid-key',
  Md5Mismatch: 'digest-mismatch',
  OperationTimedOut: 'timeout',
  RequestBodyTooLarge: 'wrong-length',
  ServerBusy: 'throttled',
  TargetConditionNotMet: 'precondition-failed',
}

const BY_STATUS: Record<number, StorageErrorCode> = {
  401: 'access-denied',
  403: 'access-denied',
  404: 'object-missing',
  409: 'precondition-failed',
  412: 'precondition-failed',
  416: 'range-invalid',
  429: 'throttled',
  501: 'unsupported',
  503: 'throttled',
}

/** The signal's own reason is passed on as it is; a stream's own error too. */
export function toStorageError(error: unknown, doing: string, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason
  for (let current = error, depth = 0; current instanceof Error && depth < 8; current = current.cause, depth++)
    if (current instanceof StorageError) return current
  const found = error as { code?: string; statusCode?: number; message?: string }
  const code =
    BY_CODE[found.code ?? ''] ?? networkErrorCode(error) ?? BY_STATUS[found.statusCode ?? 0] ?? 'backend-failed'
  const message = (found.message ?? '').split('\n')[0]
  return new StorageError(code, `${doing}: ${found.code ?? 'error'}: ${message}`, { cause: error })
}
