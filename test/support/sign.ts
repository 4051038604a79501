/** Signing S3 requests by hand, as a client would, so that tests can bend every part. */
import { createHash } from 'node:crypto'
import {
  amzTimestamp,
  canonicalRequest,
  scopeText,
  signedHeaderNames,
  signingKey,
  signWith,
  stringToSign,
} from '../../src/core/sigv4/canonical.ts'

export interface SignOptions {
  method: string
  url: string
  headers?: Record<string, string>
  body?: Uint8Array
  keys: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }
  nowMs?: number
  region?: string
  /** Value of x-amz-content-sha256. @default the body's hash */
  payloadHash?: string
}

/** Headers of the signed request, Authorization included, and what chunk signatures need. */
export function signS3({
  method,
  url,
  headers = {},
  body,
  keys,
  nowMs = Date.now(),
  region = 'r',
  payloadHash,
}: SignOptions) {
  const [, host, path = '/', query = ''] = /^http:\/\/([^/]+)(\/[^?]*)?(?:\?(.*))?$/.exec(url) ?? []
  const timestamp = amzTimestamp(nowMs)
  const scope = { date: timestamp.slice(0, 8), region, service: 's3' }
  const hash =
    payloadHash ??
    createHash('sha256')
      .update(body ?? '')
      .digest('hex')
  const all: Record<string, string> = {
    ...headers,
    host: host ?? '',
    'x-amz-date': timestamp,
    'x-amz-content-sha256': hash,
  }
  if (keys.sessionToken !== undefined) all['x-amz-security-token'] = keys.sessionToken
  const signed = new Map(Object.entries(all))
  const pairs =
    query === ''
      ? []
      : query.split('&').map((p): [string, string] => {
          const [name = '', value = ''] = p.split('=')
          return [decodeURIComponent(name), decodeURIComponent(value)]
        })
  const canonical = canonicalRequest({ method, path, query: pairs, headers: signed, payloadHash: hash })
  const key = signingKey(keys.secretAccessKey, scope)
  const signature = signWith(key, stringToSign(timestamp, scope, canonical))
  const credential = `${keys.accessKeyId}/${scopeText(scope)}`
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaderNames(signed)}, Signature=${signature}`
  return { headers: { ...all, authorization }, chain: { key, timestamp, scope, signature } }
}
