/** What ends a devnet from outside: a signal, or the end of the process that started it. */

/** Nothing tells a process that its parent died, but its ppid changes. */
const PARENT_POLL_MS = 250

export interface StopSignal {
  readonly signal: AbortSignal
  /** The same from inside. */
  stop(why: string): void
  dispose(): void
}

export function createStopSignal(): StopSignal {
  const controller = new AbortController()
  const end = (why: string) => controller.abort(new Error(why))
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const handlers = names.map((name) => {
    // Again and again: npm, a terminal and a launcher may each pass one on.
    const handler = () => end(name)
    process.on(name, handler)
    return () => process.off(name, handler)
  })
  const bornOf = process.ppid
  const watch = setInterval(() => {
    if (process.ppid !== bornOf) end('the end of its parent process')
  }, PARENT_POLL_MS)
  watch.unref()
  return {
    signal: controller.signal,
    stop: end,
    dispose() {
      clearInterval(watch)
      for (const off of handlers) off()
    },
  }
}

/** For work that can't be interrupted: its result, or the signal's reason at once; what it does after that concerns nobody. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}
