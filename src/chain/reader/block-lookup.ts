/** B_e: the last canonical block with a timestamp at or before an instant, from memory or by bisection over an endpoint. */
import type { BlockHeader } from '../api.ts'
import { ChainError } from '../errors.ts'
import type { HeaderWindow } from '../follower/header-window.ts'
import type { ChainSource } from '../rpc/source.ts'

export interface BlockLookup {
  /** @param tip the newest block, later than `timestamp`. */
  lastAtOrBefore(timestamp: number, tip: BlockHeader, signal: AbortSignal): Promise<BlockHeader>
  header(number: number, signal: AbortSignal): Promise<BlockHeader>
}

export function createBlockLookup(
  headers: Pick<HeaderWindow, 'at' | 'lastAtOrBefore'>,
  source: ChainSource,
): BlockLookup {
  const header = async (number: number, signal: AbortSignal): Promise<BlockHeader> => {
    const found = headers.at(number) ?? (await source.header(number, signal))
    if (found === undefined) throw new ChainError('rpc-inconsistent', `block ${number} is missing below the head`)
    return found
  }
  return {
    header,
    async lastAtOrBefore(timestamp, tip, signal) {
      const known = headers.lastAtOrBefore(timestamp)
      if (known !== undefined) return known
      let low = await header(0, signal)
      if (low.timestamp > timestamp)
        throw new ChainError('epoch-too-old', 'the chain begins after the facts of this epoch would have been fixed')
      let high = tip
      // Invariant: low is at or before the instant, high after it.
      while (high.number - low.number > 1n) {
        const middle = await header(Number((low.number + high.number) / 2n), signal)
        if (middle.timestamp <= timestamp) low = middle
        else high = middle
      }
      return low
    },
  }
}
