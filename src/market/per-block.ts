/** Work that is done once for each block: never twice at the same time, and never left out for the newest block. */
import type { MarketReader } from '../core/ports/market.ts'

export interface PerBlock {
  /** Runs at once, and after every block from now on. */
  start(): void
  /** Aborts what runs and waits for it. */
  stop(): Promise<void>
  /** One run that begins after this call; its error is the caller's. */
  once(): Promise<void>
}

/** @param work must bring its own patience: what it could not do now it finds again at the next block. */
export function perBlock(
  market: MarketReader,
  work: (signal: AbortSignal) => Promise<void>,
  onError: (error: unknown) => void,
): PerBlock {
  const abort = new AbortController()
  let unwatch: (() => void) | undefined
  let last: Promise<void> = Promise.resolve()
  let queued: Promise<void> | undefined

  /** Callers that come while a run waits for its turn share it. */
  const enqueue = (): Promise<void> => {
    queued ??= last.then(() => {
      queued = undefined
      abort.signal.throwIfAborted()
      return work(abort.signal)
    })
    last = queued.catch(() => {})
    return queued
  }
  const inBackground = () => {
    if (abort.signal.aborted) return
    enqueue().catch((error: unknown) => {
      if (!abort.signal.aborted) onError(error)
    })
  }
  return {
    start() {
      if (unwatch || abort.signal.aborted) return
      unwatch = market.watch((change) => {
        if (change.kind === 'head') inBackground()
      })
      inBackground()
    },
    async stop() {
      abort.abort()
      unwatch?.()
      await last
    },
    once: enqueue,
  }
}
