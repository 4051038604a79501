/** The `lightmesh` command line. Results go to stdout, logs and mistakes to stderr; exit code 2 for a wrong command line. */
import { flushCompileCache } from 'node:module'
import { Command, CommanderError } from 'commander'
import { codeOf } from '../core/errors.ts'
import type { LogLevel } from '../observability/logger.ts'
import { exitCodeOf } from './commands/command-group.ts'
import { addParts } from './commands/groups.ts'
import { CONFIG, type ConfigKey, loadConfig } from './config.ts'
import { ConfigError } from './config-entry.ts'
import { VERSION } from './version.ts'

export interface CliModules {
  /** The devnet's own command line; it lives outside src/. */
  devnet: (args: readonly string[]) => Promise<number>
}

/** @returns the process's exit code. */
export async function main(args: readonly string[], modules: CliModules): Promise<number> {
  // The devnet reads its own flags: its mistakes are reported in its own words.
  if (args[0] === 'devnet') return modules.devnet(args.slice(1))
  let code = 0
  const program = new Command('lightmesh')
    .description('A light node of a decentralised storage marketplace.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
  program.command('devnet').description('Runs a whole network on this machine; see lightmesh devnet --help.')
  addRun(program, (value) => {
    code = value
  })
  addStatus(program, (value) => {
    code = value
  })
  try {
    await addParts(program, args[0] === 'help' ? args[1] : args[0], (value) => {
      code = value
    })
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    return report(error, program.commands.find((command) => command.name() === args[0]) ?? program)
  }
}

function report(error: unknown, program: Command): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0
    if (error.code === 'commander.help') process.stderr.write(program.helpInformation())
    else process.stderr.write(`lightmesh: ${error.message.replace(/^error: /, '').replaceAll('\n', ' ')}\n`)
    return 2
  }
  const text = error instanceof Error ? error.message : String(error)
  process.stderr.write(`lightmesh: ${text}\n`)
  return exitCodeOf(error)
}

function addRun(program: Command, exit: (code: number) => void): void {
  const run = program.command('run').description('Runs a node.').option('--config <file>', 'JSON file of configuration')
  for (const { flag, description } of Object.values(CONFIG)) run.option(flag, description)
  run.action(async (options: Record<string, string>) => {
    const { config: file, ...flags } = options
    const config = loadConfig({ flags: flags as Partial<Record<ConfigKey, string>>, env: process.env, file })
    exit(await runToEnd(config))
  })
}

async function runToEnd(config: ReturnType<typeof loadConfig>): Promise<number> {
  const [{ createLogger }, { startNode }, { reportReady, stopSignal, untilAborted }] = await Promise.all([
    import('../observability/logger.ts'),
    import('./run-node.ts'),
    import('./supervised.ts'),
  ])
  const logger = await createLogger({ level: config.logLevel as LogLevel, format: config.logFormat })
  const signal = stopSignal()
  try {
    const node = await startNode(config, logger, signal)
    // Now and not at the end: several nodes that end at once would replace each other's files, each waiting for the disk.
    flushCompileCache()
    reportReady(node)
    await untilAborted(signal, node.failed)
    if (node.failed.aborted) logger.error('the node ends', { error: String(node.failed.reason) })
    await node.stop()
    return node.failed.aborted ? 1 : 0
  } catch (error) {
    if (signal.aborted) return 0
    if (error instanceof ConfigError) throw error
    logger.error('the node could not start', { code: codeOf(error), error: String(error) })
    return 1
  } finally {
    logger.flush()
    // The channel to a supervisor would keep the process alive.
    if (process.connected) process.disconnect()
  }
}

function addStatus(program: Command, exit: (code: number) => void): void {
  program
    .command('status')
    .description('Shows what a running node is doing.')
    .option('--api <url>', 'its HTTP API', 'http://127.0.0.1:4800')
    .option('--json', 'as JSON', false)
    .action(async ({ api, json }: { api: string; json: boolean }) => {
      const { showStatus } = await import('./status-command.ts')
      exit(await showStatus(api, json))
    })
}
