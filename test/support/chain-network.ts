/** The real contracts on a private anvil, with bonded oracles and funded accounts whose keys are known. */
import { createPublicClient, createWalletClient, http } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { deployContracts } from '../../scripts/contracts/deploy.ts'
import type { DeployParameters } from '../../scripts/contracts/parameters.ts'
import { approve } from '../../src/chain/actions/approve.ts'
import { recomputeSet } from '../../src/chain/actions/recompute-set.ts'
import { registerOracle } from '../../src/chain/actions/register-oracle.ts'
import type { ActionModules } from '../../src/chain/actions/send-call.ts'
import type { ChainOptions, SenderOptions, TransactionSender } from '../../src/chain/api.ts'
import { type ConnectedChain, createChainReader } from '../../src/chain/create-chain.ts'
import { devTokenAbi } from '../../src/chain/generated/dev-token-abi.ts'
import { createTransactionSender } from '../../src/chain/sender/transaction-sender.ts'
import { createSigner } from '../../src/core/crypto/secp256k1.ts'
import { type AttestationHeader, createDigests } from '../../src/core/eip712.ts'
import { type Address, type Hash32, type Hex, ZERO_HASH } from '../../src/core/ids.ts'
import { keccak256, keccak256Hex } from '../../src/core/keccak.ts'
import { DEVNET_PARAMS } from '../../src/core/params.ts'
import type { SignedBy } from '../../src/core/ports/chain.ts'
import type { KeyValueStore } from '../../src/core/ports/key-value-store.ts'
import { type Logger, silentLogger } from '../../src/core/ports/logger.ts'
import { type Metrics, noMetrics } from '../../src/core/ports/metrics.ts'
import type { Signer } from '../../src/core/ports/signer.ts'
import { quorumOf } from '../../src/core/quorum.ts'
import { systemClock } from '../../src/node/system-ports.ts'
import { type Anvil, startAnvil } from './anvil.ts'
import { MemoryStore } from './market/memory-store.ts'

const MNEMONIC = 'test test test test test test test test test test test junk'
const TOKEN = 10n ** 18n
export const EPOCH_SECONDS = 12
export const CONFIRMATIONS = 2
export const ORACLE_BOND = 10_000n * TOKEN

const text = (value: string) => new TextEncoder().encode(value)
export const hashOf = (value: string): Hash32 => keccak256Hex(text(value))

export interface ConnectOptions extends Partial<ChainOptions> {
  store?: KeyValueStore
  logger?: Logger
  metrics?: Metrics
}

/** A chain reader that ends with the test. */
export type DisposableChain = ConnectedChain & AsyncDisposable

export interface TestNetwork extends AsyncDisposable {
  readonly anvil: Anvil
  readonly orchestrator: Address
  readonly oracleSet: Address
  readonly token: Address
  readonly genesis: number
  /** Node keys of the set, in its order. */
  readonly nodes: readonly Signer[]
  /** Key of the n-th funded account: 0 deployed, 1 … n are the oracles' operators. */
  account(index: number): Signer
  connect(options?: ConnectOptions): Promise<DisposableChain>
  /** A sender of an account on a chain reader. */
  sender(
    chain: ConnectedChain,
    account: Signer,
    options?: SenderOptions & { store?: KeyValueStore },
  ): Promise<TransactionSender & ActionModules & AsyncDisposable>
  /** Gives tokens. */
  mint(to: Address, amount: bigint): Promise<void>
  /** Mines to `offsetSeconds` after the start of an epoch. */
  toEpoch(epoch: number, offsetSeconds?: number): Promise<void>
  /** Signatures of the first `count` nodes over a header; a quorum unless said otherwise. */
  sign(header: AttestationHeader, count?: number): Promise<SignedBy[]>
  header(fields: Partial<AttestationHeader>): AttestationHeader
}

export async function createTestNetwork({
  oracles = 4,
  parameters = {},
}: {
  oracles?: number
  parameters?: Partial<DeployParameters>
} = {}): Promise<TestNetwork> {
  const anvil = await startAnvil()
  try {
    return await setUp(anvil, oracles, parameters)
  } catch (error) {
    await anvil.stop()
    throw error
  }
}

async function setUp(anvil: Anvil, oracles: number, overrides: Partial<DeployParameters>): Promise<TestNetwork> {
  const transport = http(anvil.url, { retryCount: 0 })
  const publicClient = createPublicClient({ chain: foundry, transport, pollingInterval: 5, cacheTime: 0 })
  const deployer = createWalletClient({ account: mnemonicToAccount(MNEMONIC), chain: foundry, transport })
  const genesis = (await anvil.head()).timestamp + 1_000
  const contracts = await deployContracts({
    publicClient,
    walletClient: deployer,
    parameters: { genesis, epochSeconds: EPOCH_SECONDS, evaluation: DEVNET_PARAMS, ...overrides },
  })
  const orchestrator = contracts.orchestrator.toLowerCase() as Hex
  const oracleSet = contracts.oracleSet.toLowerCase() as Hex
  const token = contracts.token.toLowerCase() as Hex
  const domain = { chainId: foundry.id, orchestrator }
  const digests = createDigests(domain)
  const nodes = Array.from({ length: oracles }, (_, i) => createSigner(keccak256(text(`node ${i}`))))

  const network: TestNetwork = {
    anvil,
    orchestrator,
    oracleSet,
    token,
    genesis,
    nodes,
    account: (index) =>
      createSigner(mnemonicToAccount(MNEMONIC, { addressIndex: index }).getHdKey().privateKey as Uint8Array),
    async connect({ store, logger, metrics, ...options } = {}) {
      const chain = await createChainReader(
        { rpcUrls: [anvil.url], orchestrator, confirmations: CONFIRMATIONS, pollMs: 20, ...options },
        {
          clock: systemClock,
          store: store ?? new MemoryStore(),
          logger: logger ?? silentLogger,
          metrics: metrics ?? noMetrics,
        },
        AbortSignal.timeout(20_000),
      )
      return Object.assign(chain, { [Symbol.asyncDispose]: () => chain.stop() })
    },
    async sender(chain, account, { store, ...options } = {}) {
      const sender = await createTransactionSender(options, {
        chain,
        signer: account,
        clock: systemClock,
        store: store ?? new MemoryStore(),
        logger: silentLogger,
        metrics: noMetrics,
      })
      return Object.assign(sender, {
        sender,
        network: chain.network,
        [Symbol.asyncDispose]: () => sender.stop(),
      })
    },
    async mint(to, amount) {
      const hash = await deployer.writeContract({
        address: token,
        abi: devTokenAbi,
        functionName: 'mint',
        args: [to, amount],
      })
      await publicClient.waitForTransactionReceipt({ hash })
    },
    toEpoch: (epoch, offsetSeconds = 0) => anvil.mineTo(genesis + epoch * EPOCH_SECONDS + offsetSeconds),
    sign: (header, count = quorumOf(oracles)) =>
      Promise.all(
        nodes.slice(0, count).map(async (node, index) => ({
          index,
          signature: await node.signDigest(digests.attestation(header)),
        })),
      ),
    header: (fields) => ({
      epoch: 0,
      setId: 1,
      attempt: 0,
      parentRoot: ZERO_HASH,
      root: hashOf(`root ${fields.epoch ?? 0}`),
      unitCount: 0,
      inputsHash: hashOf('inputs'),
      paramsHash: keccak256Hex(paramsWords()),
      evaluatorVersion: 1,
      ...fields,
    }),
    [Symbol.asyncDispose]: () => anvil.stop(),
  }
  await registerOracles(network, digests, oracles)
  await anvil.mineTo(genesis - 2 * EPOCH_SECONDS)
  return network
}

function paramsWords(): Uint8Array {
  const words = Object.values(DEVNET_PARAMS)
  const out = new Uint8Array(32 * words.length)
  words.forEach((value, i) => {
    new DataView(out.buffer).setUint32(32 * i + 28, value)
  })
  return out
}

/** Through the program's own actions, so that every test of the chain runs them. */
async function registerOracles(network: TestNetwork, digests: ReturnType<typeof createDigests>, count: number) {
  const { oracleSet: spender, token } = network
  const signal = AbortSignal.timeout(60_000)
  await using chain = await network.connect()
  for (let i = 0; i < count; i++) {
    const operator = network.account(i + 1)
    const node = network.nodes[i]!
    await network.mint(operator.address, ORACLE_BOND)
    await using modules = await network.sender(chain, operator)
    await approve(modules, { token, spender, amount: ORACLE_BOND }, { signal })
    const consent = await node.signDigest(digests.nodeConsent(operator.address))
    const anchor = { value: hashOf(`anchor ${i}`), baseEpoch: 0 }
    await registerOracle(modules, { node: node.address, bond: ORACLE_BOND, anchor, consent }, { signal })
  }
  if (count === 0) return
  await using modules = await network.sender(chain, network.account(0))
  await recomputeSet(modules, { signal })
}
