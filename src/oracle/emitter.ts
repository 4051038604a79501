/** Typed events of the engine. A listener that throws is logged and kept. */
import { codeOf } from '../core/errors.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { OracleEvents } from './api.ts'

type Listener = (value: never) => void

export class Emitter {
  readonly #listeners = new Map<keyof OracleEvents, Set<Listener>>()
  readonly #logger: Logger

  constructor(logger: Logger) {
    this.#logger = logger
  }

  on<E extends keyof OracleEvents>(event: E, listener: (value: OracleEvents[E]) => void): () => void {
    let set = this.#listeners.get(event)
    if (!set) {
      set = new Set()
      this.#listeners.set(event, set)
    }
    set.add(listener as Listener)
    return () => set.delete(listener as Listener)
  }

  emit<E extends keyof OracleEvents>(event: E, value: OracleEvents[E]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        ;(listener as (value: OracleEvents[E]) => void)(value)
      } catch (error) {
        this.#logger.error('a listener failed', { event, code: codeOf(error), reason: String(error) })
      }
    }
  }
}
