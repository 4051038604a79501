/** Presigned S3 URLs: query-signed, with chosen headers (such as the exact content length) inside the signature. */
import {
  amzTimestamp,
  type CredentialScope,
  canonicalQuery,
  canonicalRequest,
  SIGV4_ALGORITHM,
  scopeText,
  signedHeaderNames,
  signingKey,
  signWith,
  stringToSign,
  UNSIGNED_PAYLOAD,
  uriEncode,
} from './canonical.ts'

export interface S3Keys {
  accessKeyId: string
  secretAccessKey: string
  /** Of temporary credentials. */
  sessionToken?: string
}

export interface S3Address {
  /** Origin of the endpoint, e.g. `https://s3.eu-central-1.amazonaws.com`; no path. */
  endpoint: string
  region: string
  bucket: string
  /** `/bucket/key` instead of `bucket.host/key`. Nearly every server but Amazon's wants it. */
  pathStyle: boolean
}

export interface PresignS3Parameters extends S3Address {
  method: string
  key: string
  keys: S3Keys
  nowMs: number
  /** 1–604,800. */
  expiresInSeconds: number
  /** Lower-case names; must be sent exactly so. */
  headers?: Readonly<Record<string, string>>
  /** Further query parameters inside the signature. */
  query?: readonly (readonly [string, string])[]
}

/** Scheme, host and encoded path of an object (or of the bucket, for an empty key). */
export function s3Location({ endpoint, bucket, pathStyle }: S3Address, key: string): { origin: string; path: string } {
  const url = new URL(endpoint)
  const path = uriEncode(key, true)
  if (pathStyle) return { origin: url.origin, path: `/${bucket}/${path}` }
  return { origin: `${url.protocol}//${bucket}.${url.host}`, path: `/${path}` }
}

export function presignS3Url(p: PresignS3Parameters): string {
  const { origin, path } = s3Location(p, p.key)
  const timestamp = amzTimestamp(p.nowMs)
  const scope: CredentialScope = { date: timestamp.slice(0, 8), region: p.region, service: 's3' }
  const headers = new Map(Object.entries({ ...p.headers, host: new URL(origin).host }))
  const query: [string, string][] = [
    ...(p.query ?? []).map(([name, value]): [string, string] => [name, value]),
    ['X-Amz-Algorithm', SIGV4_ALGORITHM],
    ['X-Amz-Credential', `${p.keys.accessKeyId}/${scopeText(scope)}`],
    ['X-Amz-Date', timestamp],
    ['X-Amz-Expires', String(p.expiresInSeconds)],
    ['X-Amz-SignedHeaders', signedHeaderNames(headers)],
  ]
  if (p.keys.sessionToken !== undefined) query.push(['X-Amz-Security-Token', p.keys.sessionToken])
  const canonical = canonicalRequest({ method: p.method, path, query, headers, payloadHash: UNSIGNED_PAYLOAD })
  const signature = signWith(signingKey(p.keys.secretAccessKey, scope), stringToSign(timestamp, scope, canonical))
  return `${origin}${path}?${canonicalQuery(query)}&X-Amz-Signature=${signature}`
}
