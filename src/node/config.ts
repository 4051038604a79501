/**
 * The node's configuration as one mapping. Order of precedence: flag, environment, file, default. Secrets are never values
 * here: keys, passphrases and credentials are named by the files that hold them.
 */
import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, resolve } from 'node:path'
import { LOG_LEVELS } from '../observability/logger.ts'
import { type ConfigEntry, ConfigError, parse } from './config-entry.ts'

export const ROLES = ['provider', 'oracle', 'consumer'] as const
export type Role = (typeof ROLES)[number]

const entry = <T>(e: ConfigEntry<T>) => e

export const CONFIG = {
  roles: entry({
    env: 'LIGHTMESH_ROLES',
    flag: '--roles <list>',
    description: 'What this node does: any mix of provider, oracle, consumer.',
    default: 'oracle',
    parse: parse.someOf(ROLES),
  }),
  dataDir: entry({
    env: 'LIGHTMESH_DATA_DIR',
    flag: '--data-dir <folder>',
    description: 'Folder of the stores; created when missing. One node each.',
    default: 'lightmesh-data',
    parse: parse.text,
  }),
  keyFile: entry({
    env: 'LIGHTMESH_KEY_FILE',
    flag: '--key-file <file>',
    description: 'Node key, a Web3 Secret Storage v3 file with mode 0600.',
    default: undefined,
    parse: parse.text,
  }),
  passphraseFile: entry({
    env: 'LIGHTMESH_PASSPHRASE_FILE',
    flag: '--passphrase-file <file>',
    description: "Passphrase of the key file. Without it: systemd's credential `passphrase`, or the terminal.",
    default: '',
    parse: parse.optional,
  }),
  oracleSeedFile: entry({
    env: 'LIGHTMESH_ORACLE_SEED_FILE',
    flag: '--oracle-seed-file <file>',
    description: "Seed of the oracle's hash chain, 64 hex digits, mode 0600. Role oracle needs it.",
    default: '',
    parse: parse.optional,
  }),
  oracleChainLength: entry({
    env: 'LIGHTMESH_ORACLE_CHAIN_LENGTH',
    flag: '--oracle-chain-length <links>',
    description: 'Links of the hash chain, as at the registration of its anchor.',
    default: '1048576',
    parse: parse.integer(1, 1_048_576),
  }),
  rpcUrls: entry({
    env: 'LIGHTMESH_RPC_URLS',
    flag: '--rpc-urls <list>',
    description: 'HTTP endpoints of the chain, one or two; two are compared.',
    default: undefined,
    parse: parse.list,
  }),
  orchestrator: entry({
    env: 'LIGHTMESH_ORCHESTRATOR',
    flag: '--orchestrator <address>',
    description: 'Address of the Orchestrator contract: which network this is.',
    default: undefined,
    parse: parse.address,
  }),
  deploymentBlock: entry({
    env: 'LIGHTMESH_DEPLOYMENT_BLOCK',
    flag: '--deployment-block <n>',
    description: 'Block of the deployment; no log before it is read.',
    default: '0',
    parse: parse.integer(0, Number.MAX_SAFE_INTEGER),
  }),
  confirmations: entry({
    env: 'LIGHTMESH_CONFIRMATIONS',
    flag: '--confirmations <n>',
    description: 'Blocks after which something counts as settled; times the block time it must stay below 0.3 epochs.',
    default: '12',
    parse: parse.integer(1, 1_000),
  }),
  listen: entry({
    env: 'LIGHTMESH_LISTEN',
    flag: '--listen <list>',
    description: 'Multiaddrs to listen on.',
    default: '/ip4/0.0.0.0/tcp/4801',
    parse: parse.list,
  }),
  announce: entry({
    env: 'LIGHTMESH_ANNOUNCE',
    flag: '--announce <list>',
    description: 'Multiaddrs to announce instead of the ones listened on, e.g. behind port forwarding.',
    default: '',
    parse: parse.list,
  }),
  bootstrap: entry({
    env: 'LIGHTMESH_BOOTSTRAP',
    flag: '--bootstrap <list>',
    description: 'Multiaddrs of nodes to join through, each ending in /p2p/PEER. The first node of a network has none.',
    default: '',
    parse: parse.list,
  }),
  allowPrivateAddresses: entry({
    env: 'LIGHTMESH_ALLOW_PRIVATE_ADDRESSES',
    flag: '--allow-private-addresses <bool>',
    description: 'Dial and probe loopback and private networks. For development networks only.',
    default: 'false',
    parse: parse.boolean,
  }),
  unitsFile: entry({
    env: 'LIGHTMESH_UNITS_FILE',
    flag: '--units-file <file>',
    description: 'Data units of this provider with their backends. Role provider needs it.',
    default: '',
    parse: parse.optional,
  }),
  settleMinEarned: entry({
    env: 'LIGHTMESH_SETTLE_MIN_EARNED',
    flag: '--settle-min-earned <amount>',
    description:
      "A unit's reservations are settled once they would earn this much together, in the token's smallest unit; 0: at every attestation.",
    default: '0',
    parse: parse.amount,
  }),
  settleMaxEpochs: entry({
    env: 'LIGHTMESH_SETTLE_MAX_EPOCHS',
    flag: '--settle-max-epochs <n>',
    description: '... or once this many epochs have passed since one of them was settled.',
    default: '144',
    parse: parse.integer(1, 4_096),
  }),
  relayStageMs: entry({
    env: 'LIGHTMESH_RELAY_STAGE_MS',
    flag: '--relay-stage-ms <ms>',
    description:
      "Pause between two oracles' turns in relaying an offer or a penalty: a few blocks, so that the next one sees the first one's.",
    default: '4000',
    parse: parse.integer(100, 600_000),
  }),
  apiHost: entry({
    env: 'LIGHTMESH_API_HOST',
    flag: '--api-host <address>',
    description: 'Address of the HTTP API, health and metrics.',
    default: '127.0.0.1',
    parse: parse.text,
  }),
  apiPort: entry({
    env: 'LIGHTMESH_API_PORT',
    flag: '--api-port <port>',
    description: 'Port of the HTTP API; 0: any free one.',
    default: '4800',
    parse: parse.integer(0, 65_535),
  }),
  logLevel: entry({
    env: 'LIGHTMESH_LOG_LEVEL',
    flag: '--log-level <level>',
    description: `Least important line that is logged: ${LOG_LEVELS.join(', ')}.`,
    default: 'info',
    parse: parse.oneOf(LOG_LEVELS),
  }),
  logFormat: entry({
    env: 'LIGHTMESH_LOG_FORMAT',
    flag: '--log-format <format>',
    description: 'json, pretty, or auto: pretty at a terminal.',
    default: 'auto',
    parse: parse.oneOf(['json', 'pretty', 'auto']),
  }),
} as const

export type ConfigKey = keyof typeof CONFIG
export type NodeConfig = { [K in ConfigKey]: ReturnType<(typeof CONFIG)[K]['parse']> }

/** Keys that name files or folders: relative ones in a file mean "beside that file". */
const PATH_KEYS: ReadonlySet<string> = new Set<ConfigKey>([
  'dataDir',
  'keyFile',
  'passphraseFile',
  'oracleSeedFile',
  'unitsFile',
])

export interface ConfigSources {
  /** By key. */
  flags?: Partial<Record<ConfigKey, string>>
  env?: Readonly<Record<string, string | undefined>>
  /** JSON file with the same keys; lists as arrays. */
  file?: string | undefined
}

/** @throws {ConfigError} that names the key and where its value came from. */
export function loadConfig({ flags = {}, env = {}, file }: ConfigSources): NodeConfig {
  const fromFile = file === undefined ? {} : readConfigFile(file)
  const out: Record<string, unknown> = {}
  for (const key of Object.keys(CONFIG) as ConfigKey[]) {
    const { env: variable, default: fallback } = CONFIG[key]
    const [text, source] =
      flags[key] !== undefined
        ? [flags[key], `flag ${CONFIG[key].flag.split(' ')[0]}`]
        : env[variable] !== undefined
          ? [env[variable], variable]
          : fromFile[key] !== undefined
            ? [fromFile[key], `${file}`]
            : [fallback, 'default']
    if (text === undefined)
      throw new ConfigError('missing-value', `${key} is needed: in the configuration file, or as ${variable}`)
    try {
      out[key] = CONFIG[key].parse(text)
    } catch (error) {
      throw new ConfigError('invalid-value', `${key} (from ${source}): ${(error as Error).message}`, { cause: error })
    }
  }
  return out as NodeConfig
}

function readConfigFile(file: string): Record<string, string> {
  let parsed: unknown
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new ConfigError('unreadable', `${file}: ${(cause as Error).message}`, { cause })
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new ConfigError('unreadable', `${file}: a JSON object is needed`)
  const out: Record<string, string> = {}
  for (const [key, value] of Object.entries(parsed)) {
    if (!(key in CONFIG)) throw new ConfigError('unknown-key', `${file}: unknown key ${key}`)
    const text = Array.isArray(value) ? value.join(',') : `${value}`
    out[key] = PATH_KEYS.has(key) && text !== '' && !isAbsolute(text) ? resolve(dirname(file), text) : text
  }
  return out
}

/** The mapping as a Markdown table, for docs/operations.md. */
export function configTable(): string {
  const rows = Object.entries(CONFIG).map(([key, { env, flag, description, default: fallback }]) => {
    const shown = fallback === undefined ? '_needed_' : fallback === '' ? '' : `\`${fallback}\``
    return `| \`${key}\` | \`${env}\` | \`${flag}\` | ${shown} | ${description} |`
  })
  return ['| key | environment | flag | default | |', '| --- | --- | --- | --- | --- |', ...rows].join('\n')
}
