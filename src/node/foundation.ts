/** What every role stands on: key, store, chain, transactions, market, mesh. Started in this order, stopped in reverse. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createAttestationSink } from '../chain/attestation/attestation-sink.ts'
import { type ConnectedChain, createChainReader } from '../chain/create-chain.ts'
import { createMarketReader } from '../chain/market/market-reader.ts'
import { createMarketWriter } from '../chain/market/market-writer.ts'
import { createTransactionSender } from '../chain/sender/transaction-sender.ts'
import { advertTopics } from '../core/advert/topics.ts'
import { createDigests, type Digests, type Domain } from '../core/eip712.ts'
import { epochAt } from '../core/epoch-clock.ts'
import type { Address } from '../core/ids.ts'
import { networkName } from '../core/network.ts'
import type { AttestationSink } from '../core/ports/chain.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { KeyValueStore } from '../core/ports/key-value-store.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { MarketReader, MarketWriter } from '../core/ports/market.ts'
import type { Rng } from '../core/ports/rng.ts'
import { createHealth, type Health } from '../observability/health.ts'
import { createMetrics, type NodeMetrics } from '../observability/metrics.ts'
import { createMesh } from '../p2p/mesh.ts'
import type { Mesh, MeshTopic } from '../p2p/types.ts'
import { openLevelStore } from '../storage/level-store.ts'
import { type Closing, createClosing } from './closing.ts'
import type { NodeConfig } from './config.ts'
import { type Identity, openIdentity } from './identity.ts'
import { systemClock, systemRng } from './system-ports.ts'

export interface Foundation {
  config: NodeConfig
  clock: Clock
  rng: Rng
  logger: Logger
  metrics: NodeMetrics
  health: Health
  closing: Closing
  identity: Identity
  store: KeyValueStore
  chain: ConnectedChain
  market: MarketReader
  writer: MarketWriter
  sink: AttestationSink
  mesh: Mesh
  digests: Digests
  /** Nodes of the oracle set of now (of the first one, before it begins). */
  oracles(): readonly Address[]
}

/** A day of 144 epochs and some: reports about a unit's day ask for the facts of each of its epochs. */
const HISTORY_EPOCHS = 160

/** A phase's messages of up to 31 oracles come at once, once an epoch. */
const ORACLE_TOPICS = ['commit', 'reveal', 'proposal', 'signature']

function topicsOf(domain: Domain): MeshTopic[] {
  const oracle = ORACLE_TOPICS.map((name) => ({ name: networkName(domain, name), messagesPerSecond: 8 }))
  return [...oracle, ...advertTopics(domain)]
}

/** @throws what a part throws; everything started before it is stopped again. */
export async function openFoundation(config: NodeConfig, logger: Logger, signal: AbortSignal): Promise<Foundation> {
  const closing = createClosing(logger)
  try {
    return await open(config, logger, closing, signal)
  } catch (error) {
    await closing.close()
    throw error
  }
}

async function open(config: NodeConfig, logger: Logger, closing: Closing, signal: AbortSignal): Promise<Foundation> {
  const clock = systemClock
  const metrics = createMetrics()
  const health = createHealth(['chain', 'mesh'])
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 })
  const identity = await openIdentity(config, closing, signal)
  const store = await openLevelStore(join(config.dataDir, 'store'))
  closing.add('store', () => store.close())

  const part = (name: string) => ({ clock, store, logger: logger.child({ part: name }), metrics })
  const chain = await createChainReader(
    {
      rpcUrls: config.rpcUrls,
      orchestrator: config.orchestrator,
      deploymentBlock: BigInt(config.deploymentBlock),
      confirmations: config.confirmations,
      historyEpochs: HISTORY_EPOCHS,
    },
    part('chain'),
    signal,
  )
  closing.add('chain', () => chain.stop())
  await chain.synced(signal)
  const sender = await createTransactionSender({}, { ...part('sender'), chain, signer: identity.signer })
  closing.add('sender', () => sender.stop())

  const mesh = await createMesh(
    {
      domain: chain.domain,
      privateKey: identity.privateKey,
      listen: config.listen,
      ...(config.announce.length > 0 && { announce: config.announce }),
      bootstrap: config.bootstrap,
      topics: topicsOf(chain.domain),
      allowPrivateAddresses: config.allowPrivateAddresses,
      peerStoreFolder: join(config.dataDir, 'peers'),
    },
    part('mesh'),
  )
  await mesh.start()
  closing.add('mesh', () => mesh.stop())
  const oracles = () => {
    const view = chain.view()
    const now = Math.max(0, epochAt(chain.clock, clock.now()))
    return (view.setAt(now) ?? view.sets().at(-1))?.nodes ?? []
  }
  keepOracles(chain, mesh, oracles, closing)
  return {
    ...{ config, clock, rng: systemRng, logger, metrics, health, closing, identity, store, chain, mesh, oracles },
    market: createMarketReader(chain),
    writer: createMarketWriter({ chain, sender }),
    sink: createAttestationSink({ chain, sender, logger: logger.child({ part: 'sink' }), metrics }),
    digests: createDigests(chain.domain),
  }
}

/** The set's members stay connected: a request of the protocol is one hop then. */
function keepOracles(chain: ConnectedChain, mesh: Mesh, oracles: () => readonly Address[], closing: Closing): void {
  let kept = oracles()
  mesh.keep(kept)
  closing.add(
    'set watcher',
    chain.subscribe(({ kind }) => {
      // A set is announced epochs ahead: it is in force at some later attestation.
      if (kind !== 'set' && kind !== 'attestation') return
      const now = oracles()
      if (now.join() === kept.join()) return
      kept = now
      mesh.keep(kept)
    }),
  )
}
