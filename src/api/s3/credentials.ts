/** Who may do what at an S3 endpoint. The endpoint asks this port; what stands behind it decides. */

export type S3Operation = 'read' | 'write' | 'delete' | 'list'

export interface S3Access {
  operation: S3Operation
  bucket: string
  /** The object's key; for `list` the prefix asked for; `undefined` for the bucket itself. */
  key: string | undefined
  /** Writes: the body's exact length. */
  bytes?: number
}

export interface S3Credential {
  secretAccessKey: string
  /** Whether this request lies in the credential's scope. */
  allows(access: S3Access): boolean
  /** Temporary credentials: refused with `ExpiredToken` from then on. */
  expiresAtMs?: number
}

/**
 * The credential of an access key. A session token belongs to temporary credentials and is to be checked here.
 * @returns `undefined` for a key (or token) that is unknown, revoked or forged.
 */
export type CredentialLookup = (
  accessKeyId: string,
  sessionToken: string | undefined,
) => Promise<S3Credential | undefined>

/** Long-lived keys with full rights over the given buckets (all when not given). */
export function staticCredentials(
  keys: readonly { accessKeyId: string; secretAccessKey: string; buckets?: readonly string[] }[],
): CredentialLookup {
  const byId = new Map(keys.map((key) => [key.accessKeyId, key]))
  return async (accessKeyId, sessionToken) => {
    const found = byId.get(accessKeyId)
    if (!found || sessionToken !== undefined) return undefined
    return {
      secretAccessKey: found.secretAccessKey,
      allows: ({ bucket }) => found.buckets?.includes(bucket) ?? true,
    }
  }
}
