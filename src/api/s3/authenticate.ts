/** SigV4 of a request, in the Authorization header or the query. Nothing of the body is looked at here. */
import { timingSafeEqual } from 'node:crypto'
import {
  type CredentialScope,
  canonicalRequest,
  parseAmzTimestamp,
  SIGV4_ALGORITHM,
  signingKey,
  signWith,
  stringToSign,
  UNSIGNED_PAYLOAD,
  uriEncode,
} from '../../core/sigv4/canonical.ts'
import type { CredentialLookup, S3Credential } from './credentials.ts'
import { S3Error } from './errors.ts'
import { LIMITS } from './limits.ts'
import type { S3Request } from './request.ts'

export interface Identity {
  accessKeyId: string
  credential: S3Credential
  /** Value of x-amz-content-sha256, or what stands for it in a presigned URL. */
  payloadHash: string
  /** For the chunks of a streamed body, whose signatures continue this one. */
  chain: { key: Uint8Array; timestamp: string; scope: CredentialScope; signature: string }
}

interface Claim {
  accessKeyId: string
  sessionToken: string | undefined
  scope: CredentialScope
  timestamp: string
  signedHeaders: readonly string[]
  signature: string
  payloadHash: string
  query: S3Request['query']
}

/** @throws {S3Error} with S3's code for what is wrong. */
export async function authenticate(request: S3Request, lookup: CredentialLookup, nowMs: number): Promise<Identity> {
  const query = new Map(request.query)
  const claim = query.has('X-Amz-Algorithm') ? queryClaim(request, query, nowMs) : headerClaim(request, nowMs)
  checkSignedHeaders(request, claim)
  const credential = await lookup(claim.accessKeyId, claim.sessionToken)
  if (!credential) throw new S3Error('InvalidAccessKeyId', 'this access key (or session token) is not known here')
  const key = signingKey(credential.secretAccessKey, claim.scope)
  if (!pathForms(request.rawPath).some((path) => matches(request, claim, key, path)))
    throw new S3Error('SignatureDoesNotMatch', 'the signature differs from the one calculated from this request')
  if (credential.expiresAtMs !== undefined && nowMs >= credential.expiresAtMs)
    throw new S3Error('ExpiredToken', 'these temporary credentials have expired')
  const { accessKeyId, payloadHash, timestamp, scope, signature } = claim
  return { accessKeyId, credential, payloadHash, chain: { key, timestamp, scope, signature } }
}

/** As received, and as S3 writes it: clients differ in which characters they leave unencoded on the wire. */
function pathForms(rawPath: string): string[] {
  const canonical = uriEncode(decodeURIComponent(rawPath), true)
  // A key with an encoded slash has one form only.
  return canonical === rawPath || /%2f/i.test(rawPath) ? [rawPath] : [rawPath, canonical]
}

function matches(request: S3Request, claim: Claim, key: Uint8Array, path: string): boolean {
  const headers = new Map(claim.signedHeaders.map((name) => [name, request.headers.get(name) ?? '']))
  const { method } = request
  const canonical = canonicalRequest({ method, path, query: claim.query, headers, payloadHash: claim.payloadHash })
  return sameSignature(signWith(key, stringToSign(claim.timestamp, claim.scope, canonical)), claim.signature)
}

export function sameSignature(expected: string, given: string): boolean {
  return expected.length === given.length && timingSafeEqual(Buffer.from(expected), Buffer.from(given))
}

function headerClaim(request: S3Request, nowMs: number): Claim {
  const header = request.headers.get('authorization')
  if (header === undefined) throw new S3Error('AccessDenied', 'the request is not signed')
  const [, credential, signedHeaders, signature] =
    /^AWS4-HMAC-SHA256 +Credential=([^, ]+), ?SignedHeaders=([^, ]+), ?Signature=([0-9a-f]{64})$/.exec(
      // Clients separate by comma, comma and space, or several spaces.
      header.replace(/,\s*/g, ', '),
    ) ?? []
  if (!credential || !signedHeaders || !signature)
    throw new S3Error('AuthorizationHeaderMalformed', 'only AWS4-HMAC-SHA256 with its three fields is understood')
  const timestamp = request.headers.get('x-amz-date') ?? ''
  const timeMs = parseAmzTimestamp(timestamp)
  if (timeMs === undefined) throw new S3Error('AccessDenied', 'a signed request carries x-amz-date')
  if (Math.abs(nowMs - timeMs) > LIMITS.skewMs)
    throw new S3Error('RequestTimeTooSkewed', 'the request time is too far from the server time; set the clock')
  const payloadHash = request.headers.get('x-amz-content-sha256')
  if (payloadHash === undefined) throw new S3Error('InvalidRequest', 'x-amz-content-sha256 is required')
  return {
    ...parseCredential(credential, timestamp, 'AuthorizationHeaderMalformed'),
    sessionToken: request.headers.get('x-amz-security-token'),
    timestamp,
    signedHeaders: signedHeaders.split(';'),
    signature,
    payloadHash,
    query: request.query,
  }
}

function queryClaim(request: S3Request, query: ReadonlyMap<string, string>, nowMs: number): Claim {
  const malformed = (what: string) => new S3Error('AuthorizationQueryParametersError', what)
  const timestamp = query.get('X-Amz-Date') ?? ''
  const timeMs = parseAmzTimestamp(timestamp)
  const expires = query.get('X-Amz-Expires') ?? ''
  const signature = query.get('X-Amz-Signature') ?? ''
  if (query.get('X-Amz-Algorithm') !== SIGV4_ALGORITHM) throw malformed('only AWS4-HMAC-SHA256 is understood')
  if (timeMs === undefined) throw malformed('X-Amz-Date must be YYYYMMDDTHHMMSSZ')
  if (!/^\d{1,6}$/.test(expires) || Number(expires) < 1 || Number(expires) > LIMITS.presignSeconds)
    throw malformed('X-Amz-Expires must be 1–604800 seconds')
  if (!/^[0-9a-f]{64}$/.test(signature)) throw malformed('X-Amz-Signature must be 64 hex digits')
  if (new Set(request.query.map(([name]) => name)).size !== request.query.length)
    throw malformed('a parameter stands twice')
  if (timeMs > nowMs + LIMITS.skewMs) throw new S3Error('AccessDenied', 'Request is not valid yet')
  if (nowMs >= timeMs + Number(expires) * 1000) throw new S3Error('AccessDenied', 'Request has expired')
  const signedHeaders = (query.get('X-Amz-SignedHeaders') ?? '').split(';')
  const bodyHash = request.headers.get('x-amz-content-sha256')
  return {
    ...parseCredential(query.get('X-Amz-Credential') ?? '', timestamp, 'AuthorizationQueryParametersError'),
    sessionToken: query.get('X-Amz-Security-Token'),
    timestamp,
    signedHeaders,
    signature,
    payloadHash: bodyHash !== undefined && signedHeaders.includes('x-amz-content-sha256') ? bodyHash : UNSIGNED_PAYLOAD,
    query: request.query.filter(([name]) => name !== 'X-Amz-Signature'),
  }
}

function parseCredential(
  text: string,
  timestamp: string,
  code: 'AuthorizationHeaderMalformed' | 'AuthorizationQueryParametersError',
): { accessKeyId: string; scope: CredentialScope } {
  const fields = text.split('/')
  const [date, region, service, end] = fields.slice(-4)
  const accessKeyId = fields.slice(0, -4).join('/')
  if (!accessKeyId || !date || !region || service !== 's3' || end !== 'aws4_request')
    throw new S3Error(code, 'the credential is ACCESSKEY/YYYYMMDD/region/s3/aws4_request')
  if (!timestamp.startsWith(date)) throw new S3Error(code, 'the credential is of another day than the request')
  return { accessKeyId, scope: { date, region, service } }
}

/** Otherwise somebody on the way could add or change what the signer never saw. */
function checkSignedHeaders(request: S3Request, claim: Claim): void {
  if (!claim.signedHeaders.includes('host')) throw new S3Error('AccessDenied', 'host must be signed')
  for (const name of request.headers.keys())
    if (name.startsWith('x-amz-') && !claim.signedHeaders.includes(name) && name !== 'x-amz-content-sha256')
      throw new S3Error('AccessDenied', `the header ${name} is not signed`)
}
