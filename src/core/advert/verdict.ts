/** Results of validation: closed codes, which are metric labels too (docs/mesh.md 6). */
export type AdvertCode =
  | 'malformed'
  | 'wrong-topic'
  | 'body-hash'
  | 'unknown-unit'
  | 'retired-unit'
  | 'expired'
  | 'too-far-ahead'
  | 'stale'
  | 'equivocation'
  | 'too-soon'
  | 'wrong-node'
  | 'bad-signature'
  | 'free-above-capacity'

export type OfferCode =
  | 'malformed'
  | 'expired'
  | 'too-far-ahead'
  | 'known-unit'
  | 'unknown-provider'
  | 'no-promise'
  | 'bad-signature'

/** With `message` when it is well signed all the same and worth keeping as evidence. */
export type Refused<Code, Message> = { result: 'ignore' | 'reject'; code: Code; message?: Message }
export type Judged<Message, Code> = { result: 'accept'; message: Message } | Refused<Code, Message>

export function ignore<Code>(code: Code): { result: 'ignore'; code: Code } {
  return { result: 'ignore', code }
}

export function reject<Code>(code: Code): { result: 'reject'; code: Code } {
  return { result: 'reject', code }
}
