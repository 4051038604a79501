/**
 * What `lightmesh consumer …` can do, as data: names, arguments and options for whoever parses a command line, and a function
 * each that takes a consumer and says what happened, for people and for programs.
 */
import type { Consumer } from '../api.ts'

/** Plain JSON: amounts and ids are decimal strings. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue }

export interface CommandResult {
  /** Without a line break each. */
  lines: readonly string[]
  /** The same for programs. */
  json: JsonValue
}

export interface CommandOption {
  /** e.g. `--epochs <n>`; the option's name is the flag's, in camelCase. */
  flag: string
  description: string
  required?: boolean
}

export interface CommandRequest {
  /** In the order of the command's arguments; optional ones may be missing. */
  arguments: readonly string[]
  /** By name, as text; a flag without a value is `true`. */
  options: Readonly<Record<string, string | true | undefined>>
  signal: AbortSignal
  /** Told about as it goes on: progress of a transfer, a wait. Never part of the result. */
  progress?: (line: string) => void
}

export interface ConsumerCommand {
  name: string
  description: string
  /** e.g. `<reservation>` or `[key]`. */
  arguments: readonly string[]
  options: readonly CommandOption[]
  run(consumer: Consumer, request: CommandRequest): Promise<CommandResult>
}
