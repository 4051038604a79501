/** Handing signed bytes to the endpoints, and what their answers mean. */
import type { Hex } from '../../core/ids.ts'
import { ChainError } from '../errors.ts'
import { RpcResponseError } from '../rpc/json-rpc.ts'
import type { EthMethods } from '../rpc/methods.ts'

/**
 * taken: in a pool, or mined already. waiting: nobody can say, or the price is too low at the moment; the same bytes are
 * sent again later. used: the nonce belongs to another transaction. refused: will never be taken as it is.
 */
export type BroadcastResult = { kind: 'taken' | 'waiting' | 'used' } | { kind: 'refused'; error: ChainError }

const KNOWN = /already known|already imported|known transaction|alreadyknown|already in mempool/i
const USED = /nonce too low|nonce has already been used|invalid nonce/i
const PRICE =
  /underpriced|max fee per gas less than block base fee|fee cap less than block base fee|below current base fee|replacement/i
const FUNDS = /insufficient funds|insufficient balance/i

/** To every endpoint at once: one that is down or censors does not keep a transaction from the chain. */
export async function broadcast(
  endpoints: readonly EthMethods[],
  raw: Hex,
  signal: AbortSignal,
): Promise<BroadcastResult> {
  const results = await Promise.all(endpoints.map((endpoint) => sendOne(endpoint, raw, signal)))
  const order = ['taken', 'used', 'waiting', 'refused'] as const
  for (const kind of order) {
    const found = results.find((result) => result.kind === kind)
    if (found !== undefined) return found
  }
  return { kind: 'waiting' }
}

async function sendOne(endpoint: EthMethods, raw: Hex, signal: AbortSignal): Promise<BroadcastResult> {
  try {
    await endpoint.sendRaw(raw, signal)
    return { kind: 'taken' }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof ChainError)) throw error
    if (error.code !== 'rpc-error') return { kind: 'waiting' }
    const text = error.cause instanceof RpcResponseError ? error.cause.message : error.message
    if (KNOWN.test(text)) return { kind: 'taken' }
    if (USED.test(text)) return { kind: 'used' }
    if (PRICE.test(text)) return { kind: 'waiting' }
    if (FUNDS.test(text))
      return {
        kind: 'refused',
        error: new ChainError('insufficient-funds', 'the account cannot pay for the transaction; send it native coin', {
          cause: error,
        }),
      }
    return { kind: 'refused', error }
  }
}
