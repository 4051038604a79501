/** Waiting for the market to change without missing what happens between looking and waiting. */
import type { MarketChange, MarketReader } from '../core/ports/market.ts'

export interface ChangeFeed extends Disposable {
  /** Changes seen so far; take it before looking at the state. */
  readonly seen: number
  /** Resolves once there are more than `seen` changes; rejects with the signal's reason. */
  after(seen: number, signal: AbortSignal): Promise<void>
}

/** @param matches which changes count; all when left out. */
export function followChanges(
  market: MarketReader,
  matches: (change: MarketChange) => boolean = () => true,
): ChangeFeed {
  let seen = 0
  const waiting = new Set<() => void>()
  const stop = market.watch((change) => {
    if (!matches(change)) return
    seen += 1
    for (const wake of waiting) wake()
  })
  return {
    get seen() {
      return seen
    },
    after(since, signal) {
      if (signal.aborted) return Promise.reject(signal.reason)
      if (seen > since) return Promise.resolve()
      return new Promise((resolve, reject) => {
        const done = () => {
          waiting.delete(wake)
          signal.removeEventListener('abort', onAbort)
        }
        const wake = () => {
          done()
          resolve()
        }
        const onAbort = () => {
          done()
          reject(signal.reason)
        }
        waiting.add(wake)
        signal.addEventListener('abort', onAbort, { once: true })
      })
    },
    [Symbol.dispose]: stop,
  }
}

/** Resolves with the first value that `look` finds, looking again after each change. */
export async function untilMarket<T>(market: MarketReader, look: () => T | undefined, signal: AbortSignal): Promise<T> {
  using feed = followChanges(market)
  for (;;) {
    const seen = feed.seen
    const found = look()
    if (found !== undefined) return found
    await feed.after(seen, signal)
  }
}
