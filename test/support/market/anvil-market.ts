/** The market on real contracts: an anvil of its own, oracles that sign whatever root a test wants, accounts with money. */
import type { TestContext } from 'node:test'
import { launchNetwork, startAnvil } from '../../../scripts/contracts/local-network.ts'
import { registerProvider } from '../../../src/chain/actions/register-provider.ts'
import type { TransactionSender } from '../../../src/chain/api.ts'
import { type ConnectedChain, createChainReader } from '../../../src/chain/create-chain.ts'
import { devTokenAbi } from '../../../src/chain/generated/dev-token-abi.ts'
import { createMarketReader } from '../../../src/chain/market/market-reader.ts'
import { createMarketWriter } from '../../../src/chain/market/market-writer.ts'
import { createTransactionSender } from '../../../src/chain/sender/transaction-sender.ts'
import { createSigner } from '../../../src/core/crypto/secp256k1.ts'
import type { Address, Epoch, UnitId } from '../../../src/core/ids.ts'
import { type UnitLeaf, unitLeafHash } from '../../../src/core/leaves.ts'
import { MerkleTree } from '../../../src/core/merkle.ts'
import type { KeyValueStore } from '../../../src/core/ports/key-value-store.ts'
import { silentLogger } from '../../../src/core/ports/logger.ts'
import type { LeafSource, MarketReader, MarketWriter, UnitLeafProof } from '../../../src/core/ports/market.ts'
import { noMetrics } from '../../../src/core/ports/metrics.ts'
import type { Signer } from '../../../src/core/ports/signer.ts'
import { systemClock } from '../../../src/node/system-ports.ts'
import { MemoryStore } from './memory-store.ts'

export const ORACLES = 4
export const CONFIRMATIONS = 2
const COIN = 10n ** 18n
const EPOCH_SECONDS = 12

/** A process of the market: its key, its follower, its sender. */
export interface MarketNode {
  signer: Signer
  chain: ConnectedChain
  market: MarketReader
  writer: MarketWriter
  sender: TransactionSender
  stop(): Promise<void>
}

export async function startAnvilMarket(t: TestContext | { after(fn: () => Promise<void>): void }) {
  const anvil = await startAnvil()
  t.after(() => anvil.stop())
  const network = await launchNetwork(anvil.url, ORACLES, {
    epochSeconds: EPOCH_SECONDS,
    economics: {
      exposureBps: [10_000, 10_000, 10_000],
      protocolFeeBps: 200,
      disputeEpochs: 6,
      escapeEpochs: 6,
      challengeEpochs: 6,
    },
  })
  const token = network.contracts.token.toLowerCase() as Address
  const proofs = new Map<string, UnitLeafProof>()
  let key = 0

  /** A key that nobody else has, with coin for gas. */
  async function account(tokens = 0n): Promise<Signer> {
    const signer = createSigner(new Uint8Array(32).fill(++key))
    await network.testClient.setBalance({ address: signer.address, value: 100n * COIN })
    if (tokens > 0n) await network.send(0, network.contracts.token, devTokenAbi, 'mint', [signer.address, tokens])
    return signer
  }

  /** As the process starts, also for the second time: the stores are what it left behind. */
  async function node(signer: Signer, store: KeyValueStore = new MemoryStore()): Promise<MarketNode> {
    const modules = { clock: systemClock, store, logger: silentLogger, metrics: noMetrics }
    const options = {
      rpcUrls: [anvil.url],
      orchestrator: network.domain.orchestrator,
      confirmations: CONFIRMATIONS,
      pollMs: 50,
    }
    const chain = await createChainReader(options, modules, AbortSignal.timeout(30_000))
    const sender = await createTransactionSender({}, { ...modules, chain, signer })
    const stop = async () => {
      await sender.stop()
      await chain.stop()
    }
    t.after(stop)
    await chain.synced(AbortSignal.timeout(30_000))
    return {
      signer,
      chain,
      market: createMarketReader(chain),
      writer: createMarketWriter({ chain, sender }),
      sender,
      stop,
    }
  }

  /** Bonds `node` as a provider of `operator`. */
  async function provider(operator: Signer, nodeKey: Signer, bond: bigint): Promise<void> {
    const own = await node(operator)
    const signal = AbortSignal.timeout(30_000)
    await own.writer.approve(token, bond, signal)
    const consent = await nodeKey.signDigest(network.digests.nodeConsent(operator.address))
    const modules = { network: own.chain.network, sender: own.sender }
    await registerProvider(modules, { node: nodeKey.address, bond, consent }, { signal })
    await own.stop()
  }

  /** Puts a root over these leaves on chain, signed by a quorum. */
  async function attest(epoch: Epoch, leaves: readonly UnitLeaf[]): Promise<void> {
    const sorted = [...leaves].sort((a, b) => (a.unitId < b.unitId ? -1 : 1))
    const tree = new MerkleTree(sorted.map(unitLeafHash))
    await network.attest(epoch, tree.root, leaves.length)
    sorted.forEach((leaf, k) => {
      proofs.set(`${leaf.unitId}/${epoch}`, { leaf, proof: tree.proof(k), epoch, root: tree.root })
    })
    newest = epoch
  }
  let newest: Epoch = -1

  const leaves: LeafSource = {
    unitProof: async (unitId: UnitId, epoch) => proofs.get(`${unitId}/${epoch ?? newest}`),
  }
  const mine = (blocks: number) => network.testClient.mine({ blocks })
  /** ... and as deep as it has to be. */
  const finalize = async (epoch: Epoch, under: readonly UnitLeaf[]) => {
    await attest(epoch, under)
    await mine(CONFIRMATIONS)
  }
  /** Time goes on to the end of that epoch without an attestation. */
  const warp = async (epoch: Epoch) => {
    const timestamp = BigInt(network.genesis + (epoch + 1) * EPOCH_SECONDS - 1)
    await network.testClient.setNextBlockTimestamp({ timestamp })
    await mine(1)
  }
  return { network, token, account, node, provider, attest, finalize, warp, mine, leaves, digests: network.digests }
}
