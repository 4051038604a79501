/** Trying again: only what may be different the next time, after growing pauses with jitter. */
import { GrantError } from '../../core/grants/grant.ts'
import { sleepUntil } from '../../core/ports/clock.ts'
import { HttpFailure, type HttpFailureCode } from '../../core/ports/http.ts'
import { IndexError } from '../../core/ports/object-index.ts'
import type { TransferContext } from './context.ts'
import { TransferError } from './errors.ts'

const RETRYABLE_FAILURES: ReadonlySet<HttpFailureCode> = new Set([
  'connect-refused',
  'connect-timeout',
  'connection-reset',
  'dns-failure',
  'idle-timeout',
  'total-timeout',
])

/** The last two: right after an activation the provider may be a block behind. */
const RETRYABLE_REFUSALS: ReadonlySet<string> = new Set<(GrantError | IndexError)['code']>([
  'busy',
  'unreachable',
  'backend-failed',
  'wrong-epoch',
  'reservation-unknown',
  'reservation-inactive',
])

/** A backend's answer that is no success. */
export class StatusError extends Error {
  override readonly name = 'StatusError'
  readonly status: number

  constructor(status: number) {
    super(`the backend answers ${status}`)
    this.status = status
  }
}

/** A grant that has run out or was revoked: with a new one the same request may succeed. */
export function isGrantRefused(error: unknown): boolean {
  return error instanceof StatusError && (error.status === 401 || error.status === 403)
}

export function isRetryable(error: unknown): boolean {
  if (error instanceof HttpFailure) return RETRYABLE_FAILURES.has(error.code)
  if (error instanceof StatusError)
    return error.status === 408 || error.status === 429 || error.status >= 500 || isGrantRefused(error)
  if (error instanceof GrantError || error instanceof IndexError) return RETRYABLE_REFUSALS.has(error.code)
  // Bytes that arrived wrong may arrive right.
  return error instanceof TransferError && error.code === 'integrity'
}

/** @throws what the last attempt threw, when that can't change; else {TransferError} `exhausted`, or the signal's reason. */
export async function withRetries<T>(
  { ports, settings }: TransferContext,
  what: string,
  signal: AbortSignal,
  attempt: (number: number) => Promise<T>,
): Promise<T> {
  for (let number = 1; ; number++) {
    signal.throwIfAborted()
    try {
      return await attempt(number)
    } catch (error) {
      signal.throwIfAborted()
      if (!isRetryable(error)) throw error
      if (number >= settings.attempts) {
        if (error instanceof TransferError || error instanceof GrantError || error instanceof IndexError) throw error
        throw new TransferError('exhausted', `${what}: ${number} attempts failed`, { cause: error })
      }
      const ceiling = settings.retryMs * 2 ** (number - 1)
      // Half fixed, half random: many clients that failed together do not come back together.
      const jitter = (ports.rng.bytes(1)[0]! / 255) * (ceiling / 2)
      await sleepUntil(ports.clock, ports.clock.now() + ceiling / 2 + jitter, signal)
    }
  }
}
