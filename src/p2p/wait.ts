/** Waiting for a state that events announce. */
interface Emitter {
  addEventListener(type: never, listener: () => void): void
  removeEventListener(type: never, listener: () => void): void
}

/** Calls the listener after each of the events, until the returned function is called. */
export function watch(emitter: Emitter, events: readonly string[], listener: () => void): () => void {
  // A function of its own: the same listener may watch twice.
  const call = () => listener()
  for (const event of events) emitter.addEventListener(event as never, call)
  return () => {
    for (const event of events) emitter.removeEventListener(event as never, call)
  }
}

/** Resolves as soon as `reached()` holds, looked at now and after each of the events; rejects with the signal's reason. */
export function waitUntil(
  emitter: Emitter,
  events: readonly string[],
  reached: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      for (const event of events) emitter.removeEventListener(event as never, check)
      signal.removeEventListener('abort', onAbort)
      settle()
    }
    const check = () => {
      if (reached()) finish(resolve)
    }
    const onAbort = () => finish(() => reject(signal.reason))
    if (signal.aborted) return reject(signal.reason)
    for (const event of events) emitter.addEventListener(event as never, check)
    signal.addEventListener('abort', onAbort, { once: true })
    check()
  })
}
