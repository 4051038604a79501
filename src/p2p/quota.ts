/** How much one peer may ask: a token bucket for the rate and a count of what is being answered, per peer and in total. */
export interface QuotaOptions {
  perSecond: number
  burst: number
  concurrentPeer: number
  concurrentTotal: number
  /** Peers whose bucket is remembered; the one not heard for longest starts afresh. */
  maxPeers: number
  /** Unix ms, monotone enough. */
  now(): number
}

export type QuotaRefusal = 'rate' | 'concurrency-peer' | 'concurrency-total'

export interface Quota {
  /** Takes a place; give it back with `leave`. */
  enter(peer: string): QuotaRefusal | undefined
  leave(peer: string): void
}

interface Bucket {
  tokens: number
  at: number
  running: number
}

export function createQuota(options: QuotaOptions): Quota {
  const buckets = new Map<string, Bucket>()
  let total = 0

  const bucketOf = (peer: string): Bucket => {
    const now = options.now()
    const bucket = buckets.get(peer) ?? { tokens: options.burst, at: now, running: 0 }
    const earned = (Math.max(0, now - bucket.at) / 1_000) * options.perSecond
    bucket.tokens = Math.min(options.burst, bucket.tokens + earned)
    bucket.at = now
    buckets.delete(peer)
    buckets.set(peer, bucket)
    if (buckets.size > options.maxPeers) evict()
    return bucket
  }
  const evict = () => {
    for (const [peer, { running }] of buckets) {
      if (running > 0) continue
      buckets.delete(peer)
      return
    }
  }
  return {
    enter(peer) {
      const bucket = bucketOf(peer)
      if (bucket.tokens < 1) return 'rate'
      bucket.tokens--
      if (bucket.running >= options.concurrentPeer) return 'concurrency-peer'
      if (total >= options.concurrentTotal) return 'concurrency-total'
      bucket.running++
      total++
      return undefined
    },
    leave(peer) {
      const bucket = buckets.get(peer)
      if (bucket === undefined || bucket.running === 0) return
      bucket.running--
      total--
    },
  }
}
