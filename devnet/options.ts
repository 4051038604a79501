/** The devnet's command line. Every mistake is one line and exit code 2. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { MAX_ORACLES, MIN_ORACLES } from '../src/core/quorum.ts'
import { SCENARIOS, type ScenarioName } from './scenarios.ts'

/** A command line that can't be obeyed; the message is what the person sees. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Help or version was asked for and printed. */
export class NothingToDo extends Error {}

export interface S3Server {
  endpoint: string
  accessKeyId: string
  secretAccessKey: string
}

export interface DevnetOptions {
  nodes: number
  /** End after this many attested epochs. */
  epochs: number | undefined
  /** L. */
  epochSeconds: number
  /** Every key of the run derives from it. */
  seed: string
  /** 0: any free one. */
  rpcPort: number
  apiPort: number
  readyFile: string | undefined
  json: boolean
  scenario: ScenarioName
  /** Kills at random, from the seed. */
  chaos: boolean
  /** Folder in which a run stays, to go on another time. */
  keep: string | undefined
  /** An S3 server to use instead of starting one. */
  s3: S3Server | undefined
}

/** A node of a larger mesh needs more time on the same machine for what everyone does. */
export const MIN_EPOCH_SECONDS = 12
const DEFAULT_NODES = 7

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`a whole number from ${min} to ${max} is needed.`)
    return value
  }
}

function endpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.username || url.search)
    throw new InvalidArgumentError('an http or https URL without a path is needed.')
  return url.origin
}

function text(value: string): string {
  if (value.length === 0 || value.length > 256) throw new InvalidArgumentError('1 to 256 characters are needed.')
  return value
}

export function devnetCommand(): Command {
  return new Command('lightmesh devnet')
    .description(
      'Runs a whole network on this machine: chain, contracts, storage servers, light nodes, a consumer. Ctrl-C ends it and leaves nothing behind.',
    )
    .option(
      '--nodes <n>',
      `light nodes, ${MIN_ORACLES} to ${MAX_ORACLES}`,
      integer(MIN_ORACLES, MAX_ORACLES),
      DEFAULT_NODES,
    )
    .option('--epochs <n>', 'end after this many attested epochs', integer(1, 1_000_000))
    .option(
      '--epoch-seconds <s>',
      `length of an epoch, at least max(${MIN_EPOCH_SECONDS}, nodes)`,
      integer(MIN_EPOCH_SECONDS, 3_600),
    )
    .option('--seed <text>', 'derive every key from this text instead of from chance', text)
    .option('--rpc-port <port>', 'port of the chain', integer(1, 65_535))
    .option('--api-port <port>', "port of the first node's HTTP API", integer(1, 65_535))
    .option('--ready-file <file>', 'write the result there after the first attestation, then stay up', text)
    .option('--json', 'print the result as the last line of stdout', false)
    .addOption(
      new Option('--scenario <name>', 'what goes wrong on purpose')
        .choices(SCENARIOS)
        .default('default' as ScenarioName),
    )
    .option('--keep <folder>', 'keep the run in this folder, or go on with the one that is there', text)
    .option('--chaos', 'kill nodes and backends at random, from the seed', false)
    .option('--s3-endpoint <url>', 'use this S3 server instead of starting one', endpoint)
    .option('--s3-access-key <id>', 'its access key', text)
    .option('--s3-secret-file <file>', 'file that holds its secret key', text)
    .allowExcessArguments(false)
    .exitOverride()
}

interface RawOptions {
  nodes: number
  epochs?: number
  epochSeconds?: number
  seed?: string
  rpcPort?: number
  apiPort?: number
  readyFile?: string
  json: boolean
  scenario: ScenarioName
  chaos: boolean
  keep?: string
  s3Endpoint?: string
  s3AccessKey?: string
  s3SecretFile?: string
}

/** @throws {UsageError} for anything that can't be obeyed. @throws {NothingToDo} after `--help`. */
export function parseDevnetOptions(args: readonly string[]): DevnetOptions {
  // Commander's own report would be a second line.
  const command = devnetCommand().configureOutput({ writeErr: () => {} })
  try {
    command.parse([...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) throw new NothingToDo()
    throw new UsageError(error.message.replace(/^error: /, '').replaceAll('\n', ' '))
  }
  const raw = command.opts<RawOptions>()
  const epochSeconds = raw.epochSeconds ?? Math.max(MIN_EPOCH_SECONDS, raw.nodes)
  if (epochSeconds < raw.nodes)
    throw new UsageError(`--epoch-seconds ${epochSeconds} is too short for ${raw.nodes} nodes; at least ${raw.nodes}`)
  if (raw.rpcPort !== undefined && raw.rpcPort === raw.apiPort)
    throw new UsageError(`--rpc-port and --api-port are both ${raw.rpcPort}; they need to be different`)
  return {
    nodes: raw.nodes,
    epochs: raw.epochs,
    epochSeconds,
    seed: raw.seed ?? randomBytes(16).toString('hex'),
    rpcPort: raw.rpcPort ?? 0,
    apiPort: raw.apiPort ?? 0,
    readyFile: raw.readyFile,
    json: raw.json,
    scenario: raw.scenario,
    chaos: raw.chaos,
    keep: raw.keep,
    s3: s3Server(raw),
  }
}

function s3Server(raw: RawOptions): S3Server | undefined {
  if (raw.s3Endpoint === undefined) {
    if (raw.s3AccessKey !== undefined || raw.s3SecretFile !== undefined)
      throw new UsageError('--s3-access-key and --s3-secret-file need --s3-endpoint')
    return undefined
  }
  if (raw.s3AccessKey === undefined || raw.s3SecretFile === undefined)
    throw new UsageError('--s3-endpoint needs --s3-access-key and --s3-secret-file')
  let secretAccessKey: string
  try {
    secretAccessKey = readFileSync(raw.s3SecretFile, 'utf8').trim()
  } catch (error) {
    throw new UsageError(`--s3-secret-file ${raw.s3SecretFile}: ${(error as NodeJS.ErrnoException).code}`)
  }
  return { endpoint: raw.s3Endpoint, accessKeyId: raw.s3AccessKey, secretAccessKey }
}
