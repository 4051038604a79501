/** Outcomes of validating a message. The code is the metric label and the log field; the union is closed. */
import type { Verdict } from '../../core/ports/gossip.ts'

export type MessageCode =
  | 'malformed'
  | 'bad-signature'
  | 'unknown-epoch'
  | 'no-facts'
  | 'wrong-set'
  | 'no-such-seat'
  | 'duplicate'
  | 'equivocation'
  | 'too-early'
  | 'too-late'
  | 'wrong-block'
  | 'wrong-secret'
  | 'wrong-seen-hash'
  | 'commit-mismatch'
  | 'wrong-proposer'
  | 'wrong-attempt'
  | 'too-few-inputs'
  | 'wrong-inputs-hash'
  | 'wrong-header'

/** What a validation function says; `message` is there when it was good enough to be kept. */
export type Checked<M> =
  | { readonly verdict: 'accept'; readonly message: M }
  | { readonly verdict: 'ignore' | 'reject'; readonly code: MessageCode; readonly message?: M }

export const ignore = (code: MessageCode) => ({ verdict: 'ignore', code }) as const
export const reject = (code: MessageCode) => ({ verdict: 'reject', code }) as const

/** The verdict as gossip takes it. */
export function toVerdict(checked: Checked<unknown>): Verdict {
  return checked.verdict === 'accept' ? { result: 'accept' } : { result: checked.verdict, code: checked.code }
}
