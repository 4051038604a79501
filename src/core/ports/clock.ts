/** Time as the pure folders reach it. Nothing in `core`, `scoring` or `oracle` knows another. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number
  /** Runs `task` once at or soon after `atMs` (Unix ms); the returned function cancels it. */
  schedule(atMs: number, task: () => void): () => void
}

/** Resolves at `atMs`; rejects with the signal's reason when aborted first. */
export function sleepUntil(clock: Clock, atMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = () => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = clock.schedule(atMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
