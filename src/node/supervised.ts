/**
 * A node under a supervisor (the devnet's launcher, or any parent with a message channel): it reports what it is once it
 * is ready, and ends when the channel closes. Without a channel only signals end it.
 */
import type { RunningNode } from './run-node.ts'

/** First message to the parent. */
export interface ReadyMessage {
  type: 'ready'
  address: string
  peerId: string
  multiaddrs: readonly string[]
  roles: readonly string[]
  apiUrl: string
  endpoints: readonly { kind: string; url: string }[]
}

export function reportReady(node: RunningNode): void {
  const { address, peerId, multiaddrs, roles, apiUrl, endpoints } = node
  const message: ReadyMessage = { type: 'ready', address, peerId, multiaddrs, roles, apiUrl, endpoints }
  process.send?.(message)
}

/** Aborted by SIGINT, SIGTERM, or the parent's end. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController()
  const end = (why: string) => stop.abort(new Error(`stopped by ${why}`))
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => end(name))
  if (process.send) process.once('disconnect', () => end('the end of the parent process'))
  return stop.signal
}

export function untilAborted(...signals: AbortSignal[]): Promise<void> {
  const any = AbortSignal.any(signals)
  if (any.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    // A signal alone keeps no process alive.
    const alive = setInterval(() => {}, 2 ** 30)
    any.addEventListener(
      'abort',
      () => {
        clearInterval(alive)
        resolve()
      },
      { once: true },
    )
  })
}
