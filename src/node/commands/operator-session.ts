/** One operator key on the chain for as long as a command takes: no mesh, no node. */
import { join } from 'node:path'
import type { ActionModules } from '../../chain/actions/send-call.ts'
import type { TransactionReceipt } from '../../chain/api.ts'
import { type ConnectedChain, createChainReader } from '../../chain/create-chain.ts'
import { createMarketReader } from '../../chain/market/market-reader.ts'
import { createMarketWriter } from '../../chain/market/market-writer.ts'
import { createTransactionSender } from '../../chain/sender/transaction-sender.ts'
import type { CommandResult, JsonValue } from '../../consumer/commands/command.ts'
import type { Address } from '../../core/ids.ts'
import type { MarketReader, MarketWriter } from '../../core/ports/market.ts'
import { createLogger, type LogLevel } from '../../observability/logger.ts'
import { createMetrics } from '../../observability/metrics.ts'
import { openLevelStore } from '../../storage/level-store.ts'
import { createClosing } from '../closing.ts'
import { loadConfig, type NodeConfig } from '../config.ts'
import { openIdentity } from '../identity.ts'
import { systemClock } from '../system-ports.ts'
import type { GroupCommand, Lend } from './command-group.ts'

export interface OperatorSession {
  config: NodeConfig
  account: Address
  chain: ConnectedChain
  actions: ActionModules
  market: MarketReader
  writer: MarketWriter
}

export type OperatorCommand = GroupCommand<OperatorSession>

export const OPERATOR_OPTIONS = [
  { flag: '--config <file>', description: 'JSON file of configuration, for the network and the data folder' },
  { flag: '--operator-key <file>', description: "the operator's key, a Web3 Secret Storage v3 file", required: true },
  { flag: '--operator-passphrase-file <file>', description: 'its passphrase; asked for at a terminal otherwise' },
]

export const lendOperator: Lend<OperatorSession> = async (options, work, { signal }) => {
  const { config: file, operatorKey, operatorPassphraseFile } = options
  const logLevel = process.env.LIGHTMESH_LOG_LEVEL ?? 'error'
  const flags = { keyFile: operatorKey!, passphraseFile: operatorPassphraseFile ?? '', logLevel }
  const config = loadConfig({ flags, env: process.env, file })
  const logger = await createLogger({ level: config.logLevel as LogLevel, format: config.logFormat })
  const closing = createClosing(logger)
  try {
    return await work(await open(config, closing, logger, signal))
  } finally {
    await closing.close()
    logger.flush()
  }
}

async function open(
  config: NodeConfig,
  closing: ReturnType<typeof createClosing>,
  logger: Awaited<ReturnType<typeof createLogger>>,
  signal: AbortSignal,
): Promise<OperatorSession> {
  const { signer } = await openIdentity(config, closing, signal)
  // Kept: an interrupted transaction is gone on with, and the next command reads only what is new on the chain.
  const store = await openLevelStore(join(config.dataDir, 'operator', signer.address))
  closing.add('store', () => store.close())
  const modules = { clock: systemClock, store, logger, metrics: createMetrics() }
  const { rpcUrls, orchestrator, confirmations } = config
  const deploymentBlock = BigInt(config.deploymentBlock)
  const chain = await createChainReader({ rpcUrls, orchestrator, deploymentBlock, confirmations }, modules, signal)
  closing.add('chain', () => chain.stop())
  await chain.synced(signal)
  const sender = await createTransactionSender({}, { ...modules, chain, signer })
  closing.add('sender', () => sender.stop())
  return {
    ...{ config, chain, account: signer.address },
    actions: { network: chain.network, sender },
    market: createMarketReader(chain),
    writer: createMarketWriter({ chain, sender }),
  }
}

/** One line and the transaction's facts. */
export function sent(what: string, receipt: TransactionReceipt, more: Record<string, JsonValue> = {}): CommandResult {
  const { hash, gasUsed, blockNumber } = receipt
  return {
    lines: [`${what} (${hash})`],
    json: { ...more, txHash: hash, block: Number(blockNumber), gasUsed: gasUsed.toString() },
  }
}
