/** Token buckets by key: how often somebody may do something. */
export interface RateOptions {
  perSecond: number
  burst: number
  /** Keys remembered; the one that was quiet for longest starts afresh. */
  maxKeys: number
  /** Unix ms; a clock that goes back gives nothing. */
  now(): number
}

export interface Rate {
  /** Takes a token; false when there is none. */
  take(key: string): boolean
}

export function createRate({ perSecond, burst, maxKeys, now }: RateOptions): Rate {
  const buckets = new Map<string, { tokens: number; at: number }>()
  return {
    take(key) {
      const at = now()
      const bucket = buckets.get(key) ?? { tokens: burst, at }
      const earned = (Math.max(0, at - bucket.at) / 1_000) * perSecond
      const tokens = Math.min(burst, bucket.tokens + earned)
      const taken = tokens >= 1
      buckets.delete(key)
      buckets.set(key, { tokens: taken ? tokens - 1 : tokens, at })
      if (buckets.size > maxKeys) buckets.delete(buckets.keys().next().value!)
      return taken
    },
  }
}
