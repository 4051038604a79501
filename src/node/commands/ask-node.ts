/** A question to a running node's HTTP API. */
import { LightmeshError } from '../../core/errors.ts'

export const DEFAULT_API = 'http://127.0.0.1:4800'
const TIMEOUT_MS = 30_000

export type AskErrorCode =
  /** No node answers there. */
  | 'no-answer'
  /** The node answers, and says why it can't give what was asked for. */
  | 'refused'

export class AskError extends LightmeshError<AskErrorCode> {
  override readonly name = 'AskError'
}

/** @throws {AskError}; the signal's reason. */
export async function askNode(api: string, path: string, signal: AbortSignal): Promise<unknown> {
  let answer: Response
  let body: unknown
  try {
    answer = await fetch(new URL(path, api), { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) })
    body = await answer.json()
  } catch (cause) {
    signal.throwIfAborted()
    const why = cause instanceof Error ? ((cause.cause as Error | undefined)?.message ?? cause.message) : String(cause)
    throw new AskError('no-answer', `no node answers at ${api}: ${why}`, { cause })
  }
  if (answer.ok) return body
  const { message } = body as { message?: string }
  throw new AskError('refused', message ?? `${api} answered ${answer.status}`)
}
