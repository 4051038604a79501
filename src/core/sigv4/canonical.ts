/**
 * AWS Signature Version 4, the parts that signer and verifier share: canonical request, string to sign, key, signature.
 * Pure: no clock, no I/O. Source: "Authenticating Requests (AWS Signature Version 4)", Amazon S3 API reference.
 */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

export const SIGV4_ALGORITHM = 'AWS4-HMAC-SHA256'
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD'
export const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** What a signature is bound to besides the request: `date/region/service/aws4_request`. */
export interface CredentialScope {
  /** YYYYMMDD. */
  date: string
  region: string
  service: string
}

export interface CanonicalParts {
  method: string
  /** Percent-encoded, beginning with `/`, exactly as sent. */
  path: string
  /** Decoded names and values; a signature among them must be left out by the caller. */
  query: readonly (readonly [name: string, value: string])[]
  /** Lower-case names → values as sent (several joined by `,`); only the signed ones. */
  headers: ReadonlyMap<string, string>
  /** Hex SHA-256 or one of S3's literals. */
  payloadHash: string
}

/** RFC 3986: everything but unreserved characters is encoded; `/` stays in paths. */
export function uriEncode(text: string, keepSlash = false): string {
  const encoded = encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return keepSlash ? encoded.replaceAll('%2F', '/') : encoded
}

export function canonicalQuery(query: CanonicalParts['query']): string {
  return query
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

export function signedHeaderNames(headers: ReadonlyMap<string, string>): string {
  return [...headers.keys()].sort().join(';')
}

export function canonicalRequest({ method, path, query, headers, payloadHash }: CanonicalParts): string {
  const lines = [...headers].map(([name, value]) => [name, value.trim().replace(/ +/g, ' ')] as const)
  lines.sort(([a], [b]) => (a < b ? -1 : 1))
  const block = lines.map(([name, value]) => `${name}:${value}\n`).join('')
  return [method, path, canonicalQuery(query), block, signedHeaderNames(headers), payloadHash].join('\n')
}

export function scopeText({ date, region, service }: CredentialScope): string {
  return `${date}/${region}/${service}/aws4_request`
}

/** @param timestamp `YYYYMMDDTHHMMSSZ` */
export function stringToSign(timestamp: string, scope: CredentialScope, canonical: string): string {
  return [SIGV4_ALGORITHM, timestamp, scopeText(scope), sha256Hex(canonical)].join('\n')
}

export function sha256Hex(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)))
}

const mac = (key: Uint8Array, text: string) => hmac(sha256, key, utf8ToBytes(text))

/** 32 bytes; good for a day, a region and a service. */
export function signingKey(secret: string, { date, region, service }: CredentialScope): Uint8Array {
  const dated = mac(utf8ToBytes(`AWS4${secret}`), date)
  return mac(mac(mac(dated, region), service), 'aws4_request')
}

/** Hex. */
export function signWith(key: Uint8Array, text: string): string {
  return bytesToHex(mac(key, text))
}

/** `YYYYMMDDTHHMMSSZ`. */
export function amzTimestamp(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replaceAll('-', '').replaceAll(':', '')}Z`
}

/** Unix ms, or undefined for anything but `YYYYMMDDTHHMMSSZ`. */
export function parseAmzTimestamp(text: string): number | undefined {
  const m = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (!m) return undefined
  const timeMs = Date.UTC(Number(m[1]), Number(m[2]) - 1, Number(m[3]), Number(m[4]), Number(m[5]), Number(m[6]))
  return amzTimestamp(timeMs) === text ? timeMs : undefined
}
