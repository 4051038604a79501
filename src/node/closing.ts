/** What was started is stopped in reverse order, all of it, whatever fails on the way. */
import { codeOf } from '../core/errors.ts'
import type { Logger } from '../core/ports/logger.ts'

export interface Closing {
  /** Notes how to end something that now runs. */
  add(what: string, end: () => Promise<void> | void): void
  /** Ends everything; a second call waits for the first. Failures are logged, not thrown. */
  close(): Promise<void>
}

export function createClosing(logger: Logger): Closing {
  const ends: { what: string; end: () => Promise<void> | void }[] = []
  let closed: Promise<void> | undefined
  const run = async () => {
    for (const { what, end } of ends.reverse()) {
      const began = performance.now()
      try {
        await end()
        logger.debug('stopped', { part: what, ms: Math.round(performance.now() - began) })
      } catch (error) {
        logger.error('could not stop a part of the node', { part: what, code: codeOf(error), error: String(error) })
      }
    }
  }
  return {
    add: (what, end) => void ends.push({ what, end }),
    close: () => {
      closed ??= run()
      return closed
    },
  }
}
