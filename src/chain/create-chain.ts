/** The node's chain: endpoints, follower and projection put together behind the `ChainReader` port. */
import type { ChainFacts, EpochStatus } from '../core/chain-facts.ts'
import { acceptUntilSeconds, type EpochClock, factsCutoffSeconds } from '../core/epoch-clock.ts'
import type { Epoch } from '../core/ids.ts'
import { sleepUntil } from '../core/ports/clock.ts'
import type { BlockHeader, Chain, ChainModules, ChainNetwork, ChainOptions } from './api.ts'
import { ChainError, RETRYABLE_CHAIN_CODES } from './errors.ts'
import { createCursorStore } from './follower/cursor-store.ts'
import { Follower } from './follower/follower.ts'
import { startRunner } from './follower/runner.ts'
import { orchestratorAbi } from './generated/orchestrator-abi.ts'
import { MAX_ATTESTATIONS } from './projection/projection.ts'
import { createBlockLookup } from './reader/block-lookup.ts'
import { erc20Abi } from './reader/erc20-abi.ts'
import { factsFrom } from './reader/facts.ts'
import { readNetwork, requireChain } from './reader/read-network.ts'
import { comparedSource } from './rpc/compared-source.ts'
import { createRpcEndpoint } from './rpc/json-rpc.ts'
import { type EthMethods, ethMethods } from './rpc/methods.ts'
import { readContract } from './rpc/read-contract.ts'
import { type ChainSource, singleSource } from './rpc/source.ts'

const REQUEST_TIMEOUT_MS = 5_000
const HISTORY_EPOCHS = 16
/** Facts of an epoch are asked for by every phase; the last few epochs overlap. */
const CACHED_FACTS = 8
const MAX_RETRY_MS = 5_000

/** A `Chain` with what the writing side needs. */
export interface ConnectedChain extends Chain {
  readonly source: ChainSource
  /** Looks at the head now: something was sent. */
  wake(): void
  /** The first value that `attempt` gives after some look at the head. */
  until<T>(attempt: () => T | undefined, signal: AbortSignal): Promise<T>
}

/**
 * Connects and begins to follow. Waits for the chain to answer once, unless an earlier run left its constants behind.
 * @throws {ChainError} `wrong-network`; the signal's reason.
 */
export async function createChainReader(
  options: ChainOptions,
  modules: ChainModules,
  signal: AbortSignal,
): Promise<ConnectedChain> {
  const timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS
  const endpoints = options.rpcUrls.map((url) => ethMethods(createRpcEndpoint({ url, timeoutMs })))
  const cursor = createCursorStore(modules.store)
  const network = (await knownNetwork(cursor, options)) ?? (await connect(endpoints, options, modules, signal))
  const source = sourceOf(endpoints, options, network)
  const follower = new Follower(
    {
      network,
      deploymentBlock: Number(options.deploymentBlock ?? 0n),
      confirmations: options.confirmations,
      historyEpochs: options.historyEpochs ?? HISTORY_EPOCHS,
    },
    { source, cursor, logger: modules.logger, metrics: modules.metrics },
  )
  const pollMs = options.pollMs ?? Math.min(4_000, Math.max(250, Math.floor((network.epochSeconds * 1000) / 48)))
  const runner = startRunner(pollMs, { ...modules, follower, warning: () => source.warning() })
  return assemble(options, network, { source, follower, runner })
}

async function knownNetwork(
  cursor: ReturnType<typeof createCursorStore>,
  options: ChainOptions,
): Promise<ChainNetwork | undefined> {
  // A damaged store is the follower's to wipe.
  const network = await cursor.network().catch(() => undefined)
  return network?.orchestrator === options.orchestrator ? network : undefined
}

/** Asks until an endpoint answers. */
async function connect(
  endpoints: readonly EthMethods[],
  options: ChainOptions,
  { clock, logger }: ChainModules,
  signal: AbortSignal,
): Promise<ChainNetwork> {
  for (let attempt = 0; ; attempt++) {
    const eth = endpoints[attempt % endpoints.length]
    if (eth === undefined) throw new ChainError('rpc-unreachable', 'no RPC endpoint is configured')
    try {
      const network = await readNetwork(eth, options.orchestrator, signal)
      const others = endpoints.filter((other) => other !== eth)
      const checks = await Promise.allSettled(others.map((other) => requireChain(other, network.chainId, signal)))
      for (const check of checks)
        if (check.status === 'rejected' && check.reason instanceof ChainError && check.reason.code === 'wrong-network')
          throw check.reason
      return network
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof ChainError) || !RETRYABLE_CHAIN_CODES.has(error.code)) throw error
      logger.warn('the chain does not answer; trying again', { code: error.code, error: error.message })
      await sleepUntil(clock, clock.now() + Math.min(MAX_RETRY_MS, 250 * 2 ** Math.min(attempt, 5)), signal)
    }
  }
}

function sourceOf(endpoints: readonly EthMethods[], options: ChainOptions, network: ChainNetwork): ChainSource {
  const [first, second] = endpoints
  if (first === undefined || endpoints.length > 2)
    throw new ChainError('rpc-unreachable', `one or two RPC endpoints are needed, not ${endpoints.length}`)
  if (second === undefined) return singleSource(first)
  // A block or two are ordinary; beyond L/12 facts would come too late.
  const lagSeconds = Math.max(2, Math.floor(network.epochSeconds / 12))
  return comparedSource([first, second], { confirmations: options.confirmations, lagSeconds })
}

interface Parts {
  source: ChainSource
  follower: Follower
  runner: ReturnType<typeof startRunner>
}

function assemble(options: ChainOptions, network: ChainNetwork, { source, follower, runner }: Parts): ConnectedChain {
  const { confirmations } = options
  const clock: EpochClock = { genesis: network.genesis, epochSeconds: network.epochSeconds }
  const lookup = createBlockLookup(follower.headers, source)
  const facts = new Map<Epoch, ChainFacts>()
  const ready = (signal: AbortSignal) => runner.until(() => (follower.synced ? follower.tip : undefined), signal)
  const deepBlock = (tip: BlockHeader) => Number(tip.number) - confirmations

  const deepView = () => follower.view(follower.tip === undefined ? -1 : deepBlock(follower.tip))

  const readFacts = async (epoch: Epoch, signal: AbortSignal): Promise<ChainFacts> => {
    const cutoff = factsCutoffSeconds(clock, epoch)
    const tip = await runner.until(() => {
      const { synced, tip: newest } = follower
      if (!synced || newest === undefined || newest.timestamp <= cutoff) return undefined
      const known = follower.headers.lastAtOrBefore(cutoff)
      return known !== undefined && deepBlock(newest) < Number(known.number) ? undefined : newest
    }, signal)
    const block = await lookup.lastAtOrBefore(cutoff, tip, signal)
    const number = Number(block.number)
    if (deepBlock(tip) < number) {
      // Found by asking, shortly after a start: it becomes deep soon.
      await runner.until(() => (deepBlock(follower.tip ?? tip) >= number ? true : undefined), signal)
      return readFacts(epoch, signal)
    }
    const cached = facts.get(epoch)
    if (cached?.block.hash === block.hash) return cached
    if (number < follower.prunedBlock)
      throw new ChainError('epoch-too-old', `the chain state of epoch ${epoch} is not kept any more`)
    const parent = number === 0 ? undefined : await lookup.header(number - 1, signal)
    // A reorg between the look-up and here: what was found is not canonical any more.
    const known = follower.headers.at(number)
    if (known !== undefined && known.hash !== block.hash) return readFacts(epoch, signal)
    const fresh = factsFrom(network, epoch, block, parent, follower.view(number))
    facts.set(epoch, fresh)
    for (const key of facts.keys()) if (facts.size > CACHED_FACTS) facts.delete(key)
    return fresh
  }

  const epochStatus = async (epoch: Epoch, signal: AbortSignal): Promise<EpochStatus> => {
    const tip = await ready(signal)
    const attestation = follower.view().attestation(epoch)
    const deep = deepBlock(tip)
    if (attestation !== undefined)
      return { kind: Number(attestation.blockNumber) <= deep ? 'final' : 'accepted', attestation }
    const [newest] = follower.view().attestations(1)
    if (newest !== undefined && epoch < newest.header.epoch - MAX_ATTESTATIONS)
      throw new ChainError('epoch-too-old', `whether epoch ${epoch} was attested is not kept any more`)
    const until = acceptUntilSeconds(clock, epoch)
    if (deep < 0 || tip.timestamp <= until) return { kind: 'open' }
    return { kind: (await lookup.header(deep, signal)).timestamp > until ? 'skipped' : 'open' }
  }

  const readErc20 = (token: `0x${string}`, account: `0x${string}`, signal: AbortSignal) =>
    readContract(source.active(), { address: token, abi: erc20Abi, functionName: 'balanceOf', args: [account] }, signal)

  return {
    network,
    domain: { chainId: network.chainId, orchestrator: network.orchestrator },
    clock,
    confirmations,
    source,
    factsAt: readFacts,
    epochStatus,
    async latestAttestation(signal) {
      await ready(signal)
      return follower.view().attestations(1)[0]
    },
    async finalBefore(epoch, signal) {
      await ready(signal)
      return deepView().attestations(1, epoch)[0]
    },
    view: () => follower.view(),
    deepView,
    subscribe: (listener) => follower.subscribe(listener),
    health: () => runner.health(),
    async synced(signal) {
      await runner.until(() => (follower.synced ? true : undefined), signal, { patient: true })
    },
    balance: (account, signal) => source.active().balance(account, signal),
    tokenBalance: readErc20,
    credit: (token, account, signal) =>
      readContract(
        source.active(),
        { address: network.orchestrator, abi: orchestratorAbi, functionName: 'creditOf', args: [token, account] },
        signal,
      ),
    wake: () => runner.wake(),
    until: (attempt, signal) => runner.until(attempt, signal),
    stop: () => runner.stop(),
  }
}
