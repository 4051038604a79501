/** `lightmesh credentials OPERATOR`: what an operator needs to register this node; made by the node's own key. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectedChain, createChainReader } from '../../chain/create-chain.ts'
import { parseAddress } from '../../consumer/commands/values.ts'
import { createLogger, type LogLevel } from '../../observability/logger.ts'
import { createMetrics } from '../../observability/metrics.ts'
import { openLevelStore } from '../../storage/level-store.ts'
import { createClosing } from '../closing.ts'
import { loadConfig, type NodeConfig } from '../config.ts'
import { type Identity, openHashChain, openIdentity } from '../identity.ts'
import { systemClock } from '../system-ports.ts'
import type { GroupCommand, Lend } from './command-group.ts'
import { makeCredentials } from './credentials.ts'

export interface NodeKeySession {
  config: NodeConfig
  identity: Identity
  chain: ConnectedChain
}

export const CREDENTIALS_OPTIONS = [
  { flag: '--config <file>', description: "JSON file of the node's configuration, as for `lightmesh run`" },
]

export const credentialsCommand: Omit<GroupCommand<NodeKeySession>, 'name'> = {
  description: "Prints the node key's consent to be registered by an operator, and the anchor of its oracle.",
  arguments: ['<operator>'],
  options: [],
  async run({ config, identity, chain }, { arguments: [text] }) {
    const operator = parseAddress(text ?? '', 'operator')
    const hashChain = config.oracleSeedFile === undefined ? undefined : await openHashChain(config)
    const { anchor, ...made } = await makeCredentials(
      ...([chain, identity.privateKey, hashChain, operator, systemClock.now()] as const),
    )
    const json = { ...made, ...(anchor && { anchor: { ...anchor } }) }
    return { lines: JSON.stringify(json, null, 2).split('\n'), json }
  },
}

/** The chain is asked for the network's constants alone; nothing is sent. */
export const lendNodeKey: Lend<NodeKeySession> = async (options, work, { signal }) => {
  const flags = { logLevel: process.env.LIGHTMESH_LOG_LEVEL ?? 'error' }
  const config = loadConfig({ flags, env: process.env, file: options.config })
  const logger = await createLogger({ level: config.logLevel as LogLevel, format: config.logFormat })
  const closing = createClosing(logger)
  try {
    const identity = await openIdentity(config, closing, signal)
    const folder = await mkdtemp(join(tmpdir(), 'lightmesh-credentials-'))
    closing.add('folder', () => rm(folder, { recursive: true, force: true }))
    const store = await openLevelStore(folder)
    closing.add('store', () => store.close())
    const { rpcUrls, orchestrator, confirmations } = config
    const modules = { clock: systemClock, store, logger, metrics: createMetrics() }
    const deploymentBlock = BigInt(config.deploymentBlock)
    const chain = await createChainReader({ rpcUrls, orchestrator, deploymentBlock, confirmations }, modules, signal)
    closing.add('chain', () => chain.stop())
    return await work({ config, identity, chain })
  } finally {
    await closing.close()
    logger.flush()
  }
}
