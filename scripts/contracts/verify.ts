/**
 * Checks a deployment against its parameters. CREATE2 addresses are derived from creation code and constructor arguments, so code
 * at the planned address is that code with those parameters; what can change afterwards, and what only a call shows, is read.
 */
import { type PublicClient, toFunctionSelector } from 'viem'
import { oracleSetAbi } from '../../src/chain/generated/oracle-set-abi.ts'
import { orchestratorAbi } from '../../src/chain/generated/orchestrator-abi.ts'
import { planDeployment } from './deploy.ts'
import { type DeployParameters, evaluationOf, type Hex } from './parameters.ts'

/** EIP-170. */
const CODE_LIMIT = 24_576
/** Functions that the Orchestrator answers itself; every other one must have a module. */
const OWN_FUNCTIONS = new Set([
  ...['submitAttestation', 'scheduleEvaluation', 'syncSet', 'verifyAttestation', 'head', 'isAccepted', 'ringEntry'],
  ...['era', 'evaluationAt', 'evaluationParams', 'genesis', 'epochLength', 'dayEpochs', 'currentEpoch', 'oracleSet'],
  ...['domainSeparator', 'attestationDigest', 'settle', 'settleMany', 'withdraw', 'setPaused', 'moduleOf', 'multicall'],
  ...['owner', 'pendingOwner', 'transferOwnership', 'acceptOwnership', 'renounceOwnership'],
])

/**
 * @param deployer Account that deployed: it is part of the addresses.
 * @returns what is wrong, one line each; empty when nothing is.
 */
export async function verifyDeployment(
  publicClient: PublicClient,
  parameters: DeployParameters,
  deployer: Hex,
): Promise<string[]> {
  const planned = planDeployment(parameters, deployer)
  const { orchestrator, oracleSet, modules, config } = planned
  const problems: string[] = []
  const all = [{ name: 'OracleSet', ...oracleSet }, { name: 'Orchestrator', ...orchestrator }, ...modules]
  for (const { name, address } of all) {
    const code = (await publicClient.getCode({ address })) ?? '0x'
    const size = (code.length - 2) / 2
    if (size === 0) problems.push(`${name}: no code at ${address}, where these parameters belong`)
    if (size > CODE_LIMIT) problems.push(`${name}: ${size} bytes of code, ${CODE_LIMIT} are allowed`)
  }
  if (problems.length > 0) return problems
  const set = { address: oracleSet.address, abi: oracleSetAbi } as const
  const market = { address: orchestrator.address, abi: orchestratorAbi } as const
  const expect = (what: string, actual: unknown, expected: unknown) => {
    const same = String(actual).toLowerCase() === String(expected).toLowerCase()
    if (!same) problems.push(`${what}: ${String(actual)} on chain, ${String(expected)} expected`)
  }
  const read = publicClient.readContract
  expect('OracleSet.orchestrator', await read({ ...set, functionName: 'orchestrator' }), orchestrator.address)
  expect('Orchestrator.oracleSet', await read({ ...market, functionName: 'oracleSet' }), oracleSet.address)
  expect('genesis', await read({ ...market, functionName: 'genesis' }), parameters.genesis)
  expect('epochLength', await read({ ...market, functionName: 'epochLength' }), parameters.epochSeconds)
  expect('owner', await read({ ...market, functionName: 'owner' }), config.owner)
  expect('treasury', await read({ ...market, functionName: 'treasury' }), config.treasury)
  const { params, version } = evaluationOf(parameters)
  const term = await read({ ...market, functionName: 'evaluationAt', args: [0] })
  expect('evaluatorVersion', term.evaluatorVersion, version)
  const stored = await read({ ...market, functionName: 'evaluationParams', args: [term.paramsHash] })
  for (const [name, value] of Object.entries(params)) expect(name, stored[name as keyof typeof stored], value)
  const economics = await read({ ...market, functionName: 'economicParams' })
  for (const [name, value] of Object.entries(config.economics)) {
    expect(name, economics[name as keyof typeof economics], value)
  }
  for (const { token, pointValue } of config.tokens) {
    expect(`point value of ${token}`, await read({ ...market, functionName: 'pointValue', args: [token] }), pointValue)
  }
  for (const item of orchestratorAbi) {
    if (item.type !== 'function' || OWN_FUNCTIONS.has(item.name)) continue
    const module = await read({ ...market, functionName: 'moduleOf', args: [toFunctionSelector(item)] })
    if (BigInt(module) === 0n) problems.push(`${item.name}: no module answers it`)
  }
  return problems
}
