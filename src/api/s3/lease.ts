/**
 * Temporary credentials whose session token is the signed lease itself: what may be done, where and until when. The secret
 * is derived from the token with the endpoint's own key, so there is nothing to store, only leases to revoke.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { CodecError, decodeCanonical, encodeCanonical, read } from '../../core/canonical-cbor.ts'
import { MAX_KEY_BYTES } from '../../core/ports/storage.ts'
import type { S3Keys } from '../../core/sigv4/presign.ts'
import type { CredentialLookup, S3Access, S3Credential, S3Operation } from './credentials.ts'

export interface Lease {
  /** 16 random bytes; what a revocation names. */
  id: Uint8Array
  bucket: string
  /** Keys must begin with it. */
  prefix: string
  operations: readonly S3Operation[]
  /** Largest body of one write. */
  maxPutBytes: number
  expiresAtMs: number
}

export interface LeaseIssuerOptions {
  /** 32 bytes each. The first signs; all verify: a new key goes to the front, an old one is dropped after a lease's life. */
  keys: readonly Uint8Array[]
  /** Long-lived credentials that this endpoint knows beside leases. */
  others?: CredentialLookup
}

export interface LeaseIssuer {
  issue(lease: Lease): Required<S3Keys>
  /** Refused from now on. Forgotten once the lease would have ended anyway. */
  revoke(id: Uint8Array, expiresAtMs: number, nowMs: number): void
  readonly lookup: CredentialLookup
}

/** Bit i of the wire value. */
const OPERATIONS: readonly S3Operation[] = ['read', 'write', 'delete', 'list']
const MAC_BYTES = 32
const MAX_TOKEN_CHARS = 4096
/** Revoked leases that have not ended; the oldest are forgotten beyond it. */
const MAX_REVOKED = 100_000

const mac = (key: Uint8Array, domain: string, data: Uint8Array) =>
  createHmac('sha256', key).update(domain).update(data).digest()

export function createLeaseIssuer({ keys, others = async () => undefined }: LeaseIssuerOptions): LeaseIssuer {
  const [signing] = keys
  if (!signing || keys.some((key) => key.length < 32)) throw new RangeError('lease keys are 32 bytes, one at least')
  const revoked = new Map<string, number>()
  const idOf = (id: Uint8Array) => Buffer.from(id).toString('hex')
  return {
    issue(lease) {
      const body = encodeLease(lease)
      const token = Buffer.concat([body, mac(signing, 'lightmesh lease', body)])
      return {
        accessKeyId: `LEASE${idOf(lease.id).toUpperCase()}`,
        secretAccessKey: mac(signing, 'lightmesh lease secret', token).toString('base64url'),
        sessionToken: token.toString('base64url'),
      }
    },
    revoke(id, expiresAtMs, nowMs) {
      for (const [known, until] of revoked) if (until <= nowMs) revoked.delete(known)
      const oldest = revoked.keys().next()
      if (revoked.size >= MAX_REVOKED && !oldest.done) revoked.delete(oldest.value)
      revoked.set(idOf(id), expiresAtMs)
    },
    async lookup(accessKeyId, sessionToken) {
      if (sessionToken === undefined || !accessKeyId.startsWith('LEASE')) return others(accessKeyId, sessionToken)
      const found = openToken(keys, sessionToken)
      if (!found || accessKeyId !== `LEASE${idOf(found.lease.id).toUpperCase()}`) return undefined
      if (revoked.has(idOf(found.lease.id))) return undefined
      return credentialOf(found.lease, mac(found.key, 'lightmesh lease secret', found.token).toString('base64url'))
    },
  }
}

function openToken(keys: readonly Uint8Array[], text: string) {
  const token = Buffer.from(text, 'base64url')
  // One form only: another spelling of the same bytes would be another signed header.
  if (text.length > MAX_TOKEN_CHARS || token.length <= MAC_BYTES || token.toString('base64url') !== text)
    return undefined
  const body = token.subarray(0, -MAC_BYTES)
  const key = keys.find((each) => timingSafeEqual(mac(each, 'lightmesh lease', body), token.subarray(-MAC_BYTES)))
  if (!key) return undefined
  try {
    return { lease: decodeLease(body), key, token }
  } catch (error) {
    if (error instanceof CodecError) return undefined
    throw error
  }
}

function credentialOf(lease: Lease, secretAccessKey: string): S3Credential {
  const allows = ({ operation, bucket, key, bytes }: S3Access) =>
    bucket === lease.bucket &&
    lease.operations.includes(operation) &&
    (key ?? '').startsWith(lease.prefix) &&
    (bytes ?? 0) <= lease.maxPutBytes
  return { secretAccessKey, allows, expiresAtMs: lease.expiresAtMs }
}

function encodeLease(lease: Lease): Uint8Array {
  const operations = lease.operations.reduce((word, operation) => word | (1 << OPERATIONS.indexOf(operation)), 0)
  return encodeCanonical([lease.id, lease.bucket, lease.prefix, operations, lease.maxPutBytes, lease.expiresAtMs])
}

function decodeLease(bytes: Uint8Array): Lease {
  const [id, bucket, prefix, operations, maxPutBytes, expiresAtMs] = read.tuple(
    decodeCanonical(bytes, MAX_TOKEN_CHARS),
    6,
  )
  const word = read.uint(operations, 2 ** OPERATIONS.length - 1)
  return {
    id: read.bytes(id, 16),
    bucket: read.text(bucket, 63),
    prefix: read.text(prefix, MAX_KEY_BYTES),
    operations: OPERATIONS.filter((_, bit) => (word & (1 << bit)) !== 0),
    maxPutBytes: read.uint(maxPutBytes),
    expiresAtMs: read.uint(expiresAtMs),
  }
}
