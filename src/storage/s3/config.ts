/** Where a bucket is and which keys open it. */
import { StorageError } from '../../core/ports/storage.ts'
import type { S3Address, S3Keys } from '../../core/sigv4/presign.ts'

export interface S3Config extends S3Address {
  keys: S3Keys
  /** PEM of a private certificate authority. */
  ca?: string
  /** The backend honours If-None-Match and If-Match on writes. @default true */
  conditionalWrites?: boolean
}

/** @throws {StorageError} `invalid-config` that names the field. */
export function checkS3Config(config: S3Config): void {
  const wrong = (what: string) => new StorageError('invalid-config', what)
  if (!URL.canParse(config.endpoint)) throw wrong(`endpoint: ${JSON.stringify(config.endpoint)} is not a URL`)
  const url = new URL(config.endpoint)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw wrong('endpoint: only http and https')
  if (url.pathname !== '/' || url.search || url.username)
    throw wrong('endpoint: an origin only, no path, query or user')
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(config.bucket))
    throw wrong('bucket: 3–63 lower-case letters, digits, dots and dashes')
  if (!config.region) throw wrong('region: missing (most servers accept us-east-1)')
  if (!config.keys.accessKeyId || !config.keys.secretAccessKey) throw wrong('keys: access key or secret missing')
}
