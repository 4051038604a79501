/** A grant as a presigned S3 URL. The exact length of a write is a signed header: another length breaks the signature. */
import { type PresignedRequest, type PresignOptions, StorageError } from '../../core/ports/storage.ts'
import { presignS3Url, type S3Address, type S3Keys } from '../../core/sigv4/presign.ts'
import { checkKey } from '../keys.ts'

export function presignGrant(address: S3Address, keys: S3Keys, options: PresignOptions): PresignedRequest {
  checkKey(options.key)
  const { action, bytes, nowMs } = options
  if (action === 'write' && bytes === undefined)
    throw new StorageError('unsupported', 'a write grant needs the exact length of the body')
  const expiresInSeconds = Math.ceil(options.expiresInMs / 1000)
  if (expiresInSeconds < 1 || expiresInSeconds > 604_800)
    throw new StorageError('unsupported', 'a presigned URL lives for 1 second to 7 days')
  const method = action === 'read' ? 'GET' : 'PUT'
  const headers: Record<string, string> = action === 'write' ? { 'content-length': String(bytes) } : {}
  const url = presignS3Url({ ...address, method, key: options.key, keys, nowMs, expiresInSeconds, headers })
  // The URL carries whole seconds.
  return { method, url, headers, expiresAtMs: Math.floor(nowMs / 1000) * 1000 + expiresInSeconds * 1000 }
}
