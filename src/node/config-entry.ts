/** How one key of the configuration is described: once, for file, environment, command line and documentation alike. */
import { LightmeshError } from '../core/errors.ts'

export class ConfigError extends LightmeshError<'invalid-value' | 'missing-value' | 'unknown-key' | 'unreadable'> {
  override readonly name = 'ConfigError'
}

export interface ConfigEntry<T> {
  env: string
  /** Commander's form: `--data-dir <folder>`. */
  flag: string
  description: string
  /** As a person would write it; `undefined`: the key is needed. */
  default: string | undefined
  /** From text: an environment variable, a flag, or a scalar of the file (lists arrive joined by commas). @throws {Error} */
  parse: (text: string) => T
}

const needed = (what: string): never => {
  throw new Error(`${what} is needed`)
}

/** Parsers; each throws an error whose message completes "KEY: ". */
export const parse = {
  text: (text: string) => (text.length > 0 ? text : needed('a text')),
  optional: (text: string) => (text.length > 0 ? text : undefined),
  list: (text: string) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part.length > 0),
  boolean: (text: string) => (text === 'true' ? true : text === 'false' ? false : needed('true or false')),
  integer: (min: number, max: number) => (text: string) =>
    /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max
      ? Number(text)
      : needed(`a whole number from ${min} to ${max}`),
  amount: (text: string) => (/^\d{1,39}$/.test(text) ? BigInt(text) : needed('a whole number of at most 39 digits')),
  address: (text: string) =>
    /^0x[0-9a-fA-F]{40}$/.test(text)
      ? (text.toLowerCase() as `0x${string}`)
      : needed('an address (0x and 40 hex digits)'),
  oneOf:
    <const T extends string>(values: readonly T[]) =>
    (text: string): T =>
      values.find((value) => value === text) ?? needed(`one of ${values.join(', ')}`),
  someOf:
    <const T extends string>(values: readonly T[]) =>
    (text: string): T[] => {
      const found = parse.list(text).map(parse.oneOf(values))
      return found.length > 0 ? [...new Set(found)] : needed(`some of ${values.join(', ')}`)
    },
}
