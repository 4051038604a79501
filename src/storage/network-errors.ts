/** Errors of sockets, DNS and TLS as the storage port's codes. */
import type { StorageErrorCode } from '../core/ports/storage.ts'

const CODES: Record<string, StorageErrorCode> = {
  EAI_AGAIN: 'unreachable',
  ECONNABORTED: 'unreachable',
  ECONNREFUSED: 'unreachable',
  ECONNRESET: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENOTFOUND: 'unreachable',
  EPIPE: 'unreachable',
  ETIMEDOUT: 'timeout',
  ABORT_ERR: 'aborted',
}

/** `undefined` when nothing in the chain of causes is a network error. */
export function networkErrorCode(error: unknown): StorageErrorCode | undefined {
  for (let current = error, depth = 0; current instanceof Error && depth < 8; current = current.cause, depth++) {
    const { code } = current as { code?: unknown }
    const known = typeof code === 'string' ? CODES[code] : undefined
    if (known) return known
    if (current instanceof AggregateError) return networkErrorCode(current.errors[0])
  }
  return undefined
}
