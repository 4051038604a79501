/** The Logger port on pino: one JSON object a line, or coloured lines for a person at a terminal. */
import pino from 'pino'
import type { LogFields, Logger } from '../core/ports/logger.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface LoggerOptions {
  level: LogLevel
  /** `auto`: pretty on a terminal, JSON otherwise. */
  format: 'json' | 'pretty' | 'auto'
  /** Where lines go; stdout belongs to results. @default stderr */
  destination?: NodeJS.WriteStream
  /** Fields of every line. */
  base?: LogFields
}

export interface NodeLogger extends Logger {
  /** Writes what is still buffered. */
  flush(): void
}

/** Field names whose values never reach a log, at the top or one level below. */
const SECRET_FIELDS = ['privateKey', 'passphrase', 'secretAccessKey', 'accountKey', 'sessionToken', 'salt', 'secret']

export async function createLogger(options: LoggerOptions): Promise<NodeLogger> {
  const destination = options.destination ?? process.stderr
  const pretty = options.format === 'pretty' || (options.format === 'auto' && destination.isTTY === true)
  // Loaded only for people: a service has no use for it.
  const stream = pretty
    ? (await import('pino-pretty')).default({ colorize: destination.isTTY === true, destination, sync: true })
    : destination
  const root = pino(
    {
      level: options.level,
      base: options.base ?? {},
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`]), censor: '[secret]' },
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  )
  return { ...adapt(root), flush: () => root.flush() }
}

function adapt(target: pino.Logger): Logger {
  const line = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string, fields?: LogFields) => {
    if (target.isLevelEnabled(level)) target[level](printable(fields), message)
  }
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: (fields) => adapt(target.child(printable(fields))),
  }
}

/** JSON knows no bigint. */
function printable(fields: LogFields | undefined): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields ?? {})) out[name] = typeof value === 'bigint' ? `${value}` : value
  return out
}
