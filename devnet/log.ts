/** The launcher's own lines: plain text on stderr, with the time since the command. Stdout belongs to the result. */
import type { Logger } from '../src/core/ports/logger.ts'

export interface DevnetLog {
  line(text: string): void
  /** For parts that want a logger: only what a person has to know gets through. */
  readonly logger: Logger
}

export function createLog(write: (text: string) => void): DevnetLog {
  const line = (text: string) => {
    const seconds = (performance.now() / 1_000).toFixed(1).padStart(6)
    write(`${seconds}s  ${text}\n`)
  }
  const nothing = () => {}
  const logger: Logger = {
    debug: nothing,
    info: nothing,
    warn: (message, fields) => line(`warning: ${message} ${fields ? JSON.stringify(fields, plain) : ''}`),
    error: (message, fields) => line(`error: ${message} ${fields ? JSON.stringify(fields, plain) : ''}`),
    child: () => logger,
  }
  return { line, logger }
}

const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)
