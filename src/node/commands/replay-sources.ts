/**
 * Where a replay gets evidence and states from: this node's own store when the node does not run, else peers, the running node
 * among them. A key of its own for the time of the command: nothing is signed with it.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectedChain, createChainReader } from '../../chain/create-chain.ts'
import type { AcceptedAttestation, ChainFacts } from '../../core/chain-facts.ts'
import { createDigests, type Digests } from '../../core/eip712.ts'
import { codeOf } from '../../core/errors.ts'
import type { Address, Epoch, Hash32 } from '../../core/ids.ts'
import type { KeyValueStore } from '../../core/ports/key-value-store.ts'
import { createLogger, type LogLevel, type NodeLogger } from '../../observability/logger.ts'
import { createMetrics } from '../../observability/metrics.ts'
import { decodeBundle, type EvidenceBundle, MAX_BUNDLE_BYTES } from '../../oracle/evidence.ts'
import { openBundle } from '../../oracle/replay.ts'
import { fetchChunks } from '../../oracle/requests/chunks.ts'
import { decodeState, MAX_STATE_BYTES } from '../../oracle/state/codec.ts'
import type { OracleState } from '../../oracle/state/state.ts'
import { StateStore } from '../../oracle/state/store.ts'
import { createMesh } from '../../p2p/mesh.ts'
import type { Mesh } from '../../p2p/types.ts'
import { openLevelStore } from '../../storage/level-store.ts'
import { type Closing, createClosing } from '../closing.ts'
import { loadConfig, type NodeConfig } from '../config.ts'
import { generateKey } from '../keystore/key-file.ts'
import { systemClock } from '../system-ports.ts'
import { askNode } from './ask-node.ts'
import type { Lend } from './command-group.ts'

const CONNECT_TIMEOUT_MS = 15_000
const REQUEST_TIMEOUT_MS = 20_000
/** Peers that are asked for one thing. */
const PEERS_PER_FETCH = 4

export interface ReplaySources {
  digests: Digests
  /** Final ones, ascending, both ends included. */
  attestations(from: Epoch, until: Epoch): AcceptedAttestation[]
  factsAt(epoch: Epoch, signal: AbortSignal): Promise<ChainFacts>
  /** With the chain's header, its reveals checked against it. */
  bundle(attestation: AcceptedAttestation, signal: AbortSignal): Promise<EvidenceBundle | undefined>
  /** A state that has this root. */
  state(epoch: Epoch, root: Hash32, signal: AbortSignal): Promise<OracleState | undefined>
}

export const REPLAY_OPTIONS = [
  { flag: '--config <file>', description: 'JSON file of configuration, as for `lightmesh run`' },
  { flag: '--api <url>', description: "HTTP API of a running node to ask first; default: the configuration's" },
  { flag: '--bootstrap <list>', description: 'multiaddrs of nodes to ask, each ending in /p2p/PEER' },
]

export const lendReplay: Lend<ReplaySources> = async (options, work, { signal, progress }) => {
  const { config: file, bootstrap, api } = options
  const logLevel = process.env.LIGHTMESH_LOG_LEVEL ?? 'error'
  const flags = { logLevel, ...(bootstrap !== undefined && { bootstrap }) }
  const config = loadConfig({ flags, env: process.env, file })
  const logger = await createLogger({ level: config.logLevel as LogLevel, format: config.logFormat })
  const closing = createClosing(logger)
  try {
    return await work(
      await openSources(
        config,
        api ?? `http://${config.apiHost}:${config.apiPort}`,
        { logger, closing, progress },
        signal,
      ),
    )
  } finally {
    await closing.close()
    logger.flush()
  }
}

interface Modules {
  logger: NodeLogger
  closing: Closing
  progress: (line: string) => void
}

async function openSources(
  config: NodeConfig,
  api: string,
  modules: Modules,
  signal: AbortSignal,
): Promise<ReplaySources> {
  const { logger, closing, progress } = modules
  const folder = await mkdtemp(join(tmpdir(), 'lightmesh-replay-'))
  closing.add('folder', () => rm(folder, { recursive: true, force: true }))
  const store = await openLevelStore(join(folder, 'store'))
  closing.add('store', () => store.close())
  const metrics = createMetrics()
  const { rpcUrls, orchestrator, confirmations } = config
  const chain = await createChainReader(
    {
      ...{ rpcUrls, orchestrator, confirmations, historyEpochs: Number.POSITIVE_INFINITY },
      deploymentBlock: BigInt(config.deploymentBlock),
    },
    { clock: systemClock, store, logger, metrics },
    signal,
  )
  closing.add('chain', () => chain.stop())
  await chain.synced(signal)
  const own = await openOwnStore(config, closing)
  const bootstrap = [...config.bootstrap, ...(own ? [] : await addressesOf(api, signal))]
  const { allowPrivateAddresses } = config
  const mesh = await createMesh(
    { domain: chain.domain, privateKey: generateKey(), listen: [], bootstrap, topics: [], allowPrivateAddresses },
    { logger, metrics },
  )
  await mesh.start()
  closing.add('mesh', () => mesh.stop())
  if (bootstrap.length > 0) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)])
    await mesh.waitForPeers(1, limit).catch(() => signal.throwIfAborted())
  }
  if (!own && mesh.peers().length === 0)
    progress('no peer answers and there is no store here: name one with --api or --bootstrap')
  return sourcesOf(chain, mesh, own, logger)
}

/** The node's store while it does not run; `undefined` while it does, or never did. */
async function openOwnStore(config: NodeConfig, closing: Closing): Promise<StateStore | undefined> {
  const path = join(config.dataDir, 'store')
  if (!existsSync(path)) return undefined
  let store: (KeyValueStore & { close(): Promise<void> }) | undefined
  try {
    store = await openLevelStore(path)
  } catch {
    // The running node has it: it is asked like any peer.
    return undefined
  }
  const opened = store
  closing.add('own store', () => opened.close())
  return new StateStore(opened, Number.POSITIVE_INFINITY)
}

async function addressesOf(api: string, signal: AbortSignal): Promise<string[]> {
  const status = await askNode(api, '/v1/status', signal).catch(() => undefined)
  return (status as { multiaddrs?: string[] } | undefined)?.multiaddrs ?? []
}

function sourcesOf(chain: ConnectedChain, mesh: Mesh, own: StateStore | undefined, logger: NodeLogger): ReplaySources {
  const digests = createDigests(chain.domain)
  const fetching = { requests: mesh.requests, domain: chain.domain, timeoutMs: REQUEST_TIMEOUT_MS }
  /** The first answer that `check` takes; whoever sends another one is asked no more. */
  const fromPeers = async <T>(ask: (peer: Address) => Promise<T | undefined>, signal: AbortSignal) => {
    const set = chain.view().sets().at(-1)?.nodes ?? []
    const peers = mesh.requests.peers().toSorted((a, b) => Number(set.includes(b)) - Number(set.includes(a)))
    for (const peer of peers.slice(0, PEERS_PER_FETCH)) {
      try {
        const found = await ask(peer)
        if (found) return found
      } catch (error) {
        signal.throwIfAborted()
        logger.debug('a peer gave nothing for the replay', { peer, code: codeOf(error) })
      }
    }
    return undefined
  }
  return {
    digests,
    attestations: (from, until) =>
      chain
        .deepView()
        .attestations(until - from + 1, until + 1)
        .filter(({ header }) => header.epoch >= from)
        .reverse(),
    factsAt: (epoch, signal) => chain.factsAt(epoch, signal),
    async bundle({ header, prevEpoch }, signal) {
      const { epoch, inputsHash } = header
      const checked = (bundle: EvidenceBundle): EvidenceBundle => {
        const whole = { ...bundle, header, parentEpoch: prevEpoch }
        openBundle(whole, digests)
        return whole
      }
      const kept = await own?.bundle(epoch)
      if (kept) return checked(kept)
      const subject = { epoch, hash: inputsHash, maxBytes: MAX_BUNDLE_BYTES }
      return fromPeers(async (peer) => {
        const bytes = await fetchChunks(fetching, peer, 'bundle', subject, signal)
        return bytes && checked(decodeBundle(bytes))
      }, signal)
    },
    async state(epoch, root, signal) {
      const kept = (await own?.load())?.find((entry) => entry.root === root)
      if (kept) return kept.state
      const subject = { epoch, hash: root, maxBytes: MAX_STATE_BYTES }
      return fromPeers(async (peer) => {
        const bytes = await fetchChunks(fetching, peer, 'snapshot', subject, signal)
        const state = bytes && decodeState(bytes)
        return state && state.epoch === epoch && state.root === root ? state : undefined
      }, signal)
    },
  }
}
