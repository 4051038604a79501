/**
 * The network's beginning: contracts deployed, operators funded and bonded, node keys registered, the first set announced.
 * Everything an operator's cold key does happens here; a node never sees that key.
 */
import {
  createPublicClient,
  createWalletClient,
  defineChain,
  encodeFunctionData,
  type Hex,
  http,
  type PublicClient,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { type DeployedContracts, deployContracts } from '../scripts/contracts/deploy.ts'
import { devTokenAbi } from '../src/chain/generated/dev-token-abi.ts'
import { oracleSetAbi } from '../src/chain/generated/oracle-set-abi.ts'
import { orchestratorAbi } from '../src/chain/generated/orchestrator-abi.ts'
import { createSigner } from '../src/core/crypto/secp256k1.ts'
import { createDigests, type Digests } from '../src/core/eip712.ts'
import { type Address, bytesToHex } from '../src/core/ids.ts'
import { DEVNET_PARAMS } from '../src/core/params.ts'
import { createHashChain } from '../src/oracle/hash-chain.ts'
import { deriveKey, type KeyPair, type NodeKeys } from './keys.ts'
import { CHAIN_ID } from './servers/anvil.ts'

const TOKEN = 10n ** 18n
const ORACLE_BOND = 10_000n * TOKEN
const PROVIDER_BOND = 1_000n * TOKEN
const OPERATOR_TOKENS = 20_000n * TOKEN
const CONSUMER_TOKENS = 1_000n * TOKEN
/** 10,000 coins for whoever sends transactions. */
const COINS = 10_000n * TOKEN

/** Links of an oracle's hash chain: 2^15 epochs of 12 s are four days and a half. */
export const ORACLE_CHAIN_LENGTH = 2 ** 15

/** Whole seconds between the deployment and epoch 0: the time in which nodes start, meet and register their units. */
export function leadSeconds(nodes: number): number {
  return 12 + Math.ceil(nodes * 0.7)
}

export interface Network extends DeployedContracts {
  rpcUrl: string
  chainId: number
  /** Unix seconds. */
  genesis: number
  epochSeconds: number
}

interface Call {
  from: KeyPair
  to: Address
  data: Hex
}

interface Rpc {
  url: string
  client: PublicClient
}

function rpcOf(url: string): Rpc {
  return { url, client: createPublicClient({ transport: http(url), cacheTime: 0, pollingInterval: 200 }) }
}

const chainOf = (url: string) =>
  defineChain({
    id: CHAIN_ID,
    name: 'devnet',
    nativeCurrency: { name: 'Coin', symbol: 'C', decimals: 18 },
    rpcUrls: { default: { http: [url] } },
  })

/** Gives accounts coins; only a development chain does that. */
async function fund({ client }: Rpc, accounts: readonly Address[]): Promise<void> {
  const setBalance = (account: Address) =>
    client.request({ method: 'anvil_setBalance', params: [account, `0x${COINS.toString(16)}`] } as never)
  await Promise.all(accounts.map(setBalance))
}

/** Sends all calls at once, each account's in order, and waits for all receipts. @throws when one reverts. */
async function sendAll({ url, client }: Rpc, calls: readonly Call[]): Promise<void> {
  const byAccount = Map.groupBy(calls, (call) => call.from.address)
  const hashes = await Promise.all(
    [...byAccount].map(async ([address, own]) => {
      const wallet = createWalletClient({
        account: privateKeyToAccount(own[0]!.from.hex),
        chain: chainOf(url),
        transport: http(url),
      })
      let nonce = await client.getTransactionCount({ address, blockTag: 'pending' })
      const sent: Hex[] = []
      for (const { to, data } of own) {
        // Fixed gas: an estimate would fail while the approval before it waits for its block.
        const fees = { gas: 2_000_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n }
        sent.push(await wallet.sendTransaction({ to, data, nonce: nonce++, ...fees }))
      }
      return sent
    }),
  )
  for (const hash of hashes.flat()) {
    const receipt = await client.waitForTransactionReceipt({ hash })
    if (receipt.status !== 'success') throw new Error(`devnet: transaction ${hash} reverted`)
  }
}

async function operatorCalls(
  keys: NodeKeys,
  role: { provider: boolean },
  contracts: DeployedContracts,
  digests: Digests,
): Promise<Call[]> {
  const { operator, node } = keys
  const { token, oracleSet, orchestrator } = contracts
  const anchor = createHashChain(keys.oracleSeed, { length: ORACLE_CHAIN_LENGTH }).anchor(0)
  const consent = bytesToHex(await createSigner(node.privateKey).signDigest(digests.nodeConsent(operator.address)))
  const approve = (spender: Hex, amount: bigint): Call => ({
    from: operator,
    to: token,
    data: encodeFunctionData({ abi: devTokenAbi, functionName: 'approve', args: [spender, amount] }),
  })
  const calls = [
    approve(oracleSet, ORACLE_BOND),
    {
      from: operator,
      to: oracleSet,
      data: encodeFunctionData({
        abi: oracleSetAbi,
        functionName: 'register',
        args: [node.address, ORACLE_BOND, { value: anchor.value, baseEpoch: anchor.baseEpoch }, consent],
      }),
    },
  ]
  if (role.provider) {
    calls.push(approve(orchestrator, PROVIDER_BOND), {
      from: operator,
      to: orchestrator,
      data: encodeFunctionData({
        abi: orchestratorAbi,
        functionName: 'registerProvider',
        args: [node.address, PROVIDER_BOND, consent],
      }),
    })
  }
  return calls
}

export interface NetworkPlan {
  rpcUrl: string
  seed: string
  epochSeconds: number
  /** All nodes; the ones in `providers` offer units too. */
  nodes: readonly NodeKeys[]
  providers: ReadonlySet<number>
  consumer: KeyPair
}

/** Funds the accounts and deploys the contracts: what nodes need to know before they start. */
export async function deployNetwork(plan: NetworkPlan): Promise<Network> {
  const { rpcUrl, nodes, epochSeconds } = plan
  const rpc = rpcOf(rpcUrl)
  const deployer = deriveKey(plan.seed, 'deployer')
  const senders = [deployer, plan.consumer, ...nodes.flatMap((keys) => [keys.operator, keys.node])]
  await fund(
    rpc,
    senders.map((key) => key.address),
  )
  const head = await rpc.client.getBlock()
  const genesis = Number(head.timestamp) + leadSeconds(nodes.length)
  const walletClient = createWalletClient({
    account: privateKeyToAccount(deployer.hex),
    chain: chainOf(rpcUrl),
    transport: http(rpcUrl),
  })
  const contracts = await deployContracts({
    publicClient: rpc.client,
    walletClient,
    parameters: {
      genesis,
      epochSeconds,
      evaluation: DEVNET_PARAMS,
      oracleSet: { seatLimit: Math.max(4, nodes.length) },
    },
  })
  return { ...contracts, rpcUrl, chainId: CHAIN_ID, genesis, epochSeconds }
}

/** Bonds and registers everybody and announces the first set, before epoch 0. */
export async function registerEverybody(plan: NetworkPlan, network: Network): Promise<void> {
  const rpc = rpcOf(plan.rpcUrl)
  const deployer = deriveKey(plan.seed, 'deployer')
  const mint = (to: Address, amount: bigint): Call => ({
    from: deployer,
    to: network.token,
    data: encodeFunctionData({ abi: devTokenAbi, functionName: 'mint', args: [to, amount] }),
  })
  await sendAll(rpc, [
    ...plan.nodes.map((keys) => mint(keys.operator.address, OPERATOR_TOKENS)),
    mint(plan.consumer.address, CONSUMER_TOKENS),
  ])
  const digests = createDigests({ chainId: CHAIN_ID, orchestrator: network.orchestrator.toLowerCase() as Address })
  const calls = plan.nodes.map((keys, i) => operatorCalls(keys, { provider: plan.providers.has(i) }, network, digests))
  await sendAll(rpc, (await Promise.all(calls)).flat())
  const data = encodeFunctionData({ abi: oracleSetAbi, functionName: 'recompute' })
  await sendAll(rpc, [{ from: deployer, to: network.oracleSet, data }])
}
