/** The limits of one exchange. Whichever is reached first cuts the connection and names itself as the reason. */
import type { ClientRequest } from 'node:http'
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
    request.once('socket', (socket) => {
      const secure = 'encrypted' in socket
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        this.#clear(this.#connectTimer)
        socket.setTimeout(this.#settings.idleMs, () => this.#fail('idle-timeout'))
      })
      socket.on('data', () => {
        if (socket.bytesRead > this.#maxBytes) this.#fail('byte-ceiling')
      })
    })
  }

  /** Takes all timers back; nothing is cut any more. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#request?.destroy()
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
