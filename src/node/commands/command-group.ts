/** Commands that are data (name, arguments, options, a function) as parts of the command line. */
import type { Command } from 'commander'
import type { CommandRequest, CommandResult, ConsumerCommand } from '../../consumer/commands/command.ts'
import { codeOf } from '../../core/errors.ts'
import { ConfigError } from '../config-entry.ts'
import { stopSignal } from '../supervised.ts'

export interface Outcome extends CommandResult {
  /** Of a command whose answer is a no. @default 0 */
  exitCode?: number
}

/** A command that works on a `Subject`: a consumer, an operator's session, … */
export interface GroupCommand<Subject> extends Omit<ConsumerCommand, 'run'> {
  run(subject: Subject, request: CommandRequest): Promise<Outcome>
}

export interface GroupOption {
  flag: string
  description: string
  required?: boolean
}

/** Opens what the commands work on, lends it to `work`, and closes it whatever happens. */
export type Lend<Subject> = (
  options: Readonly<Record<string, string | undefined>>,
  work: (subject: Subject) => Promise<Outcome>,
  context: { signal: AbortSignal; progress: (line: string) => void },
) => Promise<Outcome>

export type Exit = (code: number) => void

export function addCommands<Subject>(
  group: Command,
  commands: readonly GroupCommand<Subject>[],
  shared: readonly GroupOption[],
  lend: Lend<Subject>,
  exit: Exit,
): void {
  for (const spec of commands) {
    const command = group.command(spec.name).description(spec.description)
    for (const argument of spec.arguments) command.argument(argument)
    for (const { flag, description, required } of [...spec.options, ...shared])
      if (required) command.requiredOption(flag, description)
      else command.option(flag, description)
    command.option('--json', 'the result as JSON', false)
    command.action(async () => {
      const { json, ...given } = command.opts()
      const options = namedOptions(spec.options, given)
      const texts = command.processedArgs.flat().filter((value): value is string => value !== undefined)
      const signal = stopSignal()
      const progress = (line: string) => void (json || process.stderr.write(`${line}\n`))
      exit(
        await perform(json, () =>
          lend(given, (subject) => spec.run(subject, { arguments: texts, options, signal, progress }), {
            signal,
            progress,
          }),
        ),
      )
    })
  }
}

/** Commander turns `--no-wait` into `wait: false`; a command knows it as `noWait: true`. */
export function namedOptions(
  specs: readonly GroupOption[],
  given: Readonly<Record<string, unknown>>,
): Record<string, string | true | undefined> {
  const named: Record<string, string | true | undefined> = {}
  for (const { flag } of specs) {
    const long = flag.split(' ')[0]!.slice(2)
    const key = camel(long)
    if (long.startsWith('no-')) {
      if (given[camel(long.slice(3))] === false) named[key] = true
      continue
    }
    const value = given[key]
    if (typeof value === 'string' || value === true) named[key] = value
  }
  return named
}

const camel = (text: string) => text.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())

/**
 * Prints what `work` gives, for people or as one line of JSON.
 * @returns 0; after a mistake 2 for values that can't be obeyed, 1 for everything else.
 */
export async function perform(json: boolean, work: () => Promise<Outcome>): Promise<number> {
  try {
    const result = await work()
    process.stdout.write(json ? `${JSON.stringify(result.json)}\n` : `${result.lines.join('\n')}\n`)
    return result.exitCode ?? 0
  } catch (error) {
    const code = codeOf(error)
    const message = error instanceof Error ? error.message : String(error)
    if (json) process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`)
    process.stderr.write(`lightmesh: ${message}${code === 'unknown' ? '' : ` (${code})`}\n`)
    return exitCodeOf(error)
  }
}

export function exitCodeOf(error: unknown): number {
  return error instanceof ConfigError || codeOf(error) === 'invalid-value' ? 2 : 1
}
