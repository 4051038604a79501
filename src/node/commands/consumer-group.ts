/** `lightmesh consumer …`: a consumer node for as long as one command takes. */
import type { Command } from 'commander'
import type { Consumer } from '../../consumer/api.ts'
import { consumerCommands } from '../../consumer/commands/index.ts'
import type { LogLevel } from '../../observability/logger.ts'
import { loadConfig } from '../config.ts'
import { addCommands, type Exit, type Lend } from './command-group.ts'

/** Leaves come from oracles; without one connected only the chain answers. */
const CONNECT_TIMEOUT_MS = 15_000

const OPTIONS = [
  { flag: '--config <file>', description: 'JSON file of configuration, as for `lightmesh run`' },
  { flag: '--key-file <file>', description: "the consumer's key: its account reserves and pays" },
  { flag: '--passphrase-file <file>', description: 'passphrase of the key file' },
  { flag: '--data-dir <folder>', description: 'folder of the stores; remembers requests and uploads' },
]

export function addConsumer(group: Command, exit: Exit): void {
  addCommands(group, consumerCommands, OPTIONS, lendConsumer, exit)
}

const lendConsumer: Lend<Consumer> = async (options, work, { signal, progress }) => {
  const { config: file, keyFile, passphraseFile, dataDir } = options
  const config = loadConfig({
    flags: {
      // Nobody looks at the API of a node that lives for a command.
      ...{ roles: 'consumer', apiPort: '0' },
      ...(keyFile !== undefined && { keyFile }),
      ...(passphraseFile !== undefined && { passphraseFile }),
      ...(dataDir !== undefined && { dataDir }),
      logLevel: process.env.LIGHTMESH_LOG_LEVEL ?? 'error',
    },
    env: process.env,
    file,
  })
  const [{ createLogger }, { startNode }] = await Promise.all([
    import('../../observability/logger.ts'),
    import('../run-node.ts'),
  ])
  const logger = await createLogger({ level: config.logLevel as LogLevel, format: config.logFormat })
  const node = await startNode(config, logger, signal)
  try {
    if (!(await node.connected(AbortSignal.any([signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]))))
      progress('no oracle is connected: look at `bootstrap`; going on with what the chain says')
    signal.throwIfAborted()
    return await work(node.consumer!)
  } finally {
    await node.stop()
    logger.flush()
  }
}
