/** How much one peer may ask: a rate, and a bound on what is being answered at once, per peer and in total. */
import { createRate, type RateOptions } from './rate.ts'

export interface QuotaOptions extends RateOptions {
  concurrentPeer: number
  concurrentTotal: number
}

export type QuotaRefusal = 'rate' | 'concurrency-peer' | 'concurrency-total'

export interface Quota {
  /** Takes a place; give it back with `leave`. */
  enter(peer: string): QuotaRefusal | undefined
  leave(peer: string): void
}

export function createQuota(options: QuotaOptions): Quota {
  const rate = createRate(options)
  const running = new Map<string, number>()
  let total = 0
  return {
    enter(peer) {
      if (!rate.take(peer)) return 'rate'
      const own = running.get(peer) ?? 0
      if (own >= options.concurrentPeer) return 'concurrency-peer'
      if (total >= options.concurrentTotal) return 'concurrency-total'
      running.set(peer, own + 1)
      total++
      return undefined
    },
    leave(peer) {
      const own = running.get(peer)
      if (own === undefined) return
      total--
      if (own === 1) running.delete(peer)
      else running.set(peer, own - 1)
    },
  }
}
