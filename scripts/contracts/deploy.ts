/**
 * Deploys the contracts to any EVM chain with EIP-1559 and Cancun opcodes. Addresses depend on the code and the parameters
 * alone: everything goes through the CREATE2 factory that stands at one address on nearly every chain (anvil included).
 */
import {
  type Abi,
  type Account,
  BaseError,
  type Chain,
  concatHex,
  decodeErrorResult,
  encodeAbiParameters,
  encodeFunctionData,
  getContractAddress,
  hexToString,
  type PublicClient,
  type Transport,
  type WalletClient,
} from 'viem'
import generated from '../../src/chain/generated/bytecode.json' with { type: 'json' }
import { oracleSetAbi } from '../../src/chain/generated/oracle-set-abi.ts'
import { orchestratorAbi } from '../../src/chain/generated/orchestrator-abi.ts'
import {
  BURN_ADDRESS,
  type DeployParameters,
  economicParams,
  evaluationOf,
  type Hex,
  oracleSetParams,
} from './parameters.ts'

/** Arachnid's deterministic deployment proxy: calldata is a salt and creation code. */
export const CREATE2_FACTORY: Hex = '0x4e59b44847b379578588920cA78FbF26c0B4956C'
const SALT: Hex = `0x${'00'.repeat(32)}`
export const MODULES = ['UnitsModule', 'ReservationsModule', 'DisputesModule', 'ViewsModule'] as const
type ContractName = keyof typeof generated.bytecode

export interface DeployedContracts {
  orchestrator: Hex
  oracleSet: Hex
  /** The bond token: the DevToken unless one was given. */
  token: Hex
  modules: Record<(typeof MODULES)[number], Hex>
  /** Block from which logs are complete. */
  deployBlock: bigint
}

export interface DeployClients {
  publicClient: PublicClient
  walletClient: WalletClient<Transport, Chain | undefined, Account>
}

/** Creation code with encoded constructor arguments, and the address it gets. */
export function plan(name: ContractName, args: readonly unknown[]): { initCode: Hex; address: Hex } {
  const inputs = (generated.constructors[name] as unknown as Abi)[0]
  const encoded = inputs?.type === 'constructor' ? encodeAbiParameters(inputs.inputs, args) : '0x'
  const initCode = concatHex([generated.bytecode[name] as Hex, encoded])
  return {
    initCode,
    address: getContractAddress({ opcode: 'CREATE2', from: CREATE2_FACTORY, salt: SALT, bytecode: initCode }),
  }
}

/** Every contract's creation code and address for these parameters, in the order in which they are deployed. */
export function planDeployment(parameters: DeployParameters, deployer: Hex) {
  const evaluation = evaluationOf(parameters)
  const dayEpochs = parameters.dayEpochs ?? evaluation.params.epochsPerDay
  const economics = economicParams(dayEpochs, parameters.economics)
  const devToken = parameters.bondToken === undefined ? plan('DevToken', [deployer]) : undefined
  const token = parameters.bondToken ?? devToken!.address
  const treasury = parameters.treasury ?? BURN_ADDRESS
  const setParams = { bondToken: token, treasury, ...oracleSetParams(dayEpochs, parameters.oracleSet) }
  const oracleSet = plan('OracleSet', [setParams, deployer])
  const constants = {
    clock: { genesis: parameters.genesis, epochLength: parameters.epochSeconds, dayEpochs },
    oracleSet: oracleSet.address,
    bondToken: token,
    protocolFeeBps: economics.protocolFeeBps,
  }
  const modules = MODULES.map((name) => ({ name, ...plan(name, [constants]) }))
  const config = {
    constants,
    economics,
    evaluation: evaluation.params,
    evaluatorVersion: evaluation.version,
    tokens: parameters.tokens ?? [{ token, pointValue: 10n ** 15n }],
    owner: parameters.owner ?? deployer,
    treasury,
    modules: modules.map((module) => module.address),
  }
  const orchestrator = plan('Orchestrator', [config])
  return { devToken, token, oracleSet, modules, orchestrator, config, setParams }
}

/**
 * Deploys what is not there yet and binds the two contracts; safe to run again after an interruption.
 * @throws {Error} when the chain has no CREATE2 factory or a deployment reverts (parameters out of bounds).
 */
export async function deployContracts({
  publicClient,
  walletClient,
  parameters,
}: DeployClients & { parameters: DeployParameters }): Promise<DeployedContracts> {
  const planned = planDeployment(parameters, walletClient.account.address)
  if (!(await hasCode(publicClient, CREATE2_FACTORY))) {
    throw new Error(
      `no CREATE2 factory at ${CREATE2_FACTORY} on this chain: deploy it first (its transaction is presigned)`,
    )
  }
  const deployBlock = await firstBlockOf(publicClient, planned.oracleSet.address)
  const first = [planned.devToken, planned.oracleSet, ...planned.modules].filter((one) => one !== undefined)
  await create({ publicClient, walletClient }, first)
  await create({ publicClient, walletClient }, [planned.orchestrator])
  const { oracleSet, orchestrator } = planned
  const bound = await publicClient.readContract({
    address: oracleSet.address,
    abi: oracleSetAbi,
    functionName: 'orchestrator',
  })
  if (BigInt(bound) === 0n) {
    const data = encodeFunctionData({ abi: oracleSetAbi, functionName: 'bind', args: [orchestrator.address] })
    await sendAll({ publicClient, walletClient }, [{ to: oracleSet.address, data }])
  }
  const modules = Object.fromEntries(planned.modules.map(({ name, address }) => [name, address]))
  return {
    orchestrator: orchestrator.address,
    oracleSet: oracleSet.address,
    token: planned.token,
    modules: modules as DeployedContracts['modules'],
    deployBlock,
  }
}

async function hasCode(publicClient: PublicClient, address: Hex): Promise<boolean> {
  return ((await publicClient.getCode({ address })) ?? '0x') !== '0x'
}

/**
 * Block before which the contract has no logs: after an interruption, or when run again, that is not the present one. Without
 * an archive the node can't say, and 0 is right as well, only slower to read from.
 */
async function firstBlockOf(publicClient: PublicClient, address: Hex): Promise<bigint> {
  let high = await publicClient.getBlockNumber({ cacheTime: 0 })
  if (!(await hasCode(publicClient, address))) return high
  let low = 0n
  try {
    while (low < high) {
      const middle = (low + high) / 2n
      const code = (await publicClient.getCode({ address, blockNumber: middle })) ?? '0x'
      if (code === '0x') low = middle + 1n
      else high = middle
    }
    return low
  } catch {
    return 0n
  }
}

/** Creates contracts that depend on none of one another: sent together, so that they share a block. */
async function create(clients: DeployClients, contracts: readonly { address: Hex; initCode: Hex }[]): Promise<void> {
  const missing: { to: Hex; data: Hex }[] = []
  for (const { address, initCode } of contracts) {
    if (await hasCode(clients.publicClient, address)) continue
    await dryRun(clients.publicClient, initCode)
    missing.push({ to: CREATE2_FACTORY, data: concatHex([SALT, initCode]) })
  }
  await sendAll(clients, missing)
}

/** The factory swallows a constructor's error: it is asked for without the factory first. @throws {Error} naming the parameter. */
async function dryRun(publicClient: PublicClient, initCode: Hex): Promise<void> {
  try {
    await publicClient.call({ data: initCode })
  } catch (cause) {
    const dataOf = (one: unknown) => (one as { data?: unknown }).data
    const raw =
      cause instanceof BaseError ? dataOf(cause.walk((one) => typeof dataOf(one) === 'string') ?? {}) : undefined
    if (raw === undefined || raw === '0x') throw cause
    const { errorName, args } = decodeErrorResult({ abi: [...orchestratorAbi, ...oracleSetAbi], data: raw as Hex })
    const named = args?.map((arg) =>
      typeof arg === 'string' && arg.length === 66 ? hexToString(arg as Hex, { size: 32 }) : arg,
    )
    throw new Error(`a constructor refuses the parameters: ${errorName}(${named?.join(', ') ?? ''})`, { cause })
  }
}

async function sendAll(
  { publicClient, walletClient }: DeployClients,
  transactions: readonly { to: Hex; data: Hex }[],
): Promise<void> {
  const address = walletClient.account.address
  let nonce = await publicClient.getTransactionCount({ address, blockTag: 'pending' })
  const hashes: Hex[] = []
  for (const transaction of transactions) {
    hashes.push(
      await walletClient.sendTransaction({
        ...transaction,
        account: walletClient.account,
        chain: walletClient.chain ?? null,
        nonce: nonce++,
      }),
    )
  }
  for (const hash of hashes) {
    const receipt = await publicClient.waitForTransactionReceipt({ hash })
    if (receipt.status !== 'success') throw new Error(`deployment transaction ${hash} reverted`)
  }
}
