/** How failures of exchanges, statuses and grants become outcomes of a probe. */
import { CodecError } from '../../core/canonical-cbor.ts'
import { GrantError } from '../../core/grants/grant.ts'
import type { ProbeOutcome } from '../../core/observations.ts'
import { HttpFailure } from '../../core/ports/http.ts'

/** An outcome that ends a probe. */
export class ProbeFailure extends Error {
  override readonly name = 'ProbeFailure'
  readonly outcome: ProbeOutcome

  constructor(outcome: ProbeOutcome, options?: { cause?: unknown }) {
    super(outcome, options)
    this.outcome = outcome
  }
}

/** `undefined` for an error that is none of a backend's: the probe can't judge and must say so. */
export function outcomeOfError(error: unknown): ProbeOutcome | undefined {
  if (error instanceof ProbeFailure) return error.outcome
  // The codes of an exchange are outcomes by name.
  if (error instanceof HttpFailure) return error.code
  return undefined
}

/** Of a request that should have been answered by `expected`. */
export function outcomeOfStatus(status: number, expected: readonly number[]): ProbeOutcome {
  if (expected.includes(status)) return 'ok'
  if (status === 401 || status === 403) return 'access-denied'
  if (status === 404 || status === 410) return 'object-missing'
  // A range that was ignored or does not fit the object.
  if (status === 200 || status === 416) return 'wrong-length'
  if (status >= 300 && status < 400) return 'redirect-refused'
  if (status >= 400 && status < 500) return 'http-4xx'
  return status >= 500 ? 'http-5xx' : 'malformed-response'
}

/** Why the rights for probing could not be had. A refusal that is our own fault does not count against the unit. */
export function outcomeOfGrants(error: unknown): ProbeOutcome {
  if (!(error instanceof GrantError)) return 'grant-unavailable'
  switch (error.code) {
    case 'wrong-epoch':
      return 'prober-clock'
    case 'bad-signature':
    case 'malformed':
    case 'not-an-oracle':
      return 'prober-aborted'
    case 'unreachable':
    case 'busy':
    case 'malformed-answer':
      return 'grant-unavailable'
    default:
      return 'grant-refused'
  }
}

export function outcomeOfList(error: unknown): ProbeOutcome {
  const invalid = error instanceof CodecError || (error instanceof GrantError && error.code === 'malformed-answer')
  return invalid ? 'index-invalid' : 'index-unavailable'
}
