/** The limits of one exchange. Whichever is reached first cuts the connection and names itself as the reason. */
import type { ClientRequest } from 'node:http'
import type { Socket } from 'node:net'
import { HttpFailure, type HttpFailureCode } from '../../core/ports/http.ts'

export interface LimitSettings {
  connectMs: number
  idleMs: number
  totalMs: number
}

export class Limits {
  /** Why the exchange was cut; `undefined` while nothing was. */
  reason: unknown
  readonly #settings: LimitSettings
  readonly #maxBytes: number
  readonly #signal: AbortSignal | undefined
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #cut = Promise.withResolvers<never>()
  #request: ClientRequest | undefined
  #unwatch = () => {}

  constructor(
    settings: LimitSettings,
    { signal, maxResponseBytes }: { signal?: AbortSignal; maxResponseBytes: number },
  ) {
    this.#settings = settings
    this.#maxBytes = maxResponseBytes
    this.#signal = signal
    this.#cut.promise.catch(() => {})
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    this.#after(settings.totalMs, 'total-timeout')
    this.#connectTimer = this.#after(settings.connectMs, 'connect-timeout')
  }

  readonly #connectTimer: NodeJS.Timeout
  readonly #onAbort = () => this.#stopWith(this.#signal?.reason)

  /** What `work` gives, or the reason of a cut that comes first. */
  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#cut.promise])
  }

  /** Watches a request's socket: connected in time, never idle for long, bytes within the ceiling. */
  watch(request: ClientRequest): void {
    this.#request = request
    if (this.reason) request.destroy()
    request.once('socket', (socket) => this.#watchSocket(socket))
  }

  /** Takes all timers back; nothing is cut any more. The connection, left in order, may serve another request. */
  release(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#unwatch()
  }

  /** `release`, and the connection is closed. */
  stop(): void {
    this.release()
    this.#request?.destroy()
  }

  #watchSocket(socket: Socket): void {
    // A connection that is used again has read the answers before.
    const ceiling = socket.bytesRead + this.#maxBytes
    const onIdle = () => this.#fail('idle-timeout')
    const onData = () => {
      if (socket.bytesRead > ceiling) this.#fail('byte-ceiling')
    }
    const onConnected = () => {
      this.#clear(this.#connectTimer)
      socket.setTimeout(this.#settings.idleMs)
      socket.on('timeout', onIdle)
    }
    const connected = 'encrypted' in socket ? 'secureConnect' : 'connect'
    if (socket.connecting) socket.once(connected, onConnected)
    else onConnected()
    socket.on('data', onData)
    this.#unwatch = () => {
      socket.off('data', onData)
      socket.off('timeout', onIdle)
      socket.off(connected, onConnected)
    }
  }

  #after(ms: number, code: HttpFailureCode): NodeJS.Timeout {
    const timer = setTimeout(() => this.#fail(code), ms)
    this.#timers.add(timer)
    return timer
  }

  #clear(timer: NodeJS.Timeout): void {
    clearTimeout(timer)
    this.#timers.delete(timer)
  }

  #fail(code: HttpFailureCode): void {
    this.#stopWith(new HttpFailure(code, `the exchange was cut: ${code}`))
  }

  #stopWith(reason: unknown): void {
    if (this.reason) return
    this.reason = reason
    this.#cut.reject(reason)
    this.stop()
  }
}
