/** Where blocks and logs come from: one endpoint as it is, or two that are compared. */
import type { Address } from '../../core/ids.ts'
import type { BlockHeader } from '../api.ts'
import { ChainError } from '../errors.ts'
import type { RawLog } from '../events.ts'
import type { EthMethods } from './methods.ts'

export interface ChainSource {
  /** Newest block that the endpoints vouch for. */
  head(signal: AbortSignal): Promise<BlockHeader>
  header(number: number, signal: AbortSignal): Promise<BlockHeader | undefined>
  logs(from: number, to: number, addresses: readonly Address[], signal: AbortSignal): Promise<RawLog[]>
  /** The endpoint to ask single questions and to hand transactions to. */
  active(): EthMethods
  /** All endpoints: a transaction is handed to each. */
  all(): readonly EthMethods[]
  /** Something is wrong, but not enough to stop: one of two endpoints is down or behind. */
  warning(): ChainError | undefined
}

/** One endpoint: nothing to compare with. */
export function singleSource(endpoint: EthMethods): ChainSource {
  return {
    async head(signal) {
      const head = await endpoint.header('latest', signal)
      if (head === undefined) throw noHead(endpoint.label)
      return head
    },
    header: (number, signal) => endpoint.header(BigInt(number), signal),
    logs: (from, to, addresses, signal) => endpoint.logs(BigInt(from), BigInt(to), addresses, signal),
    active: () => endpoint,
    all: () => [endpoint],
    warning: () => undefined,
  }
}

export function noHead(label: string): ChainError {
  return new ChainError('rpc-malformed', `${label} has no newest block`)
}
