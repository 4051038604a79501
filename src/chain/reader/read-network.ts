/** Constants of the deployed contracts, asked for once. */
import type { Address } from '../../core/ids.ts'
import type { ChainNetwork } from '../api.ts'
import { ChainError } from '../errors.ts'
import { lower } from '../events.ts'
import { orchestratorAbi } from '../generated/orchestrator-abi.ts'
import type { EthMethods } from '../rpc/methods.ts'
import { readContract } from '../rpc/read-contract.ts'

/** @throws {ChainError} `wrong-network` when the address has no Orchestrator. */
export async function readNetwork(eth: EthMethods, orchestrator: Address, signal: AbortSignal): Promise<ChainNetwork> {
  const read = <const name extends 'oracleSet' | 'bondToken' | 'clockParams'>(functionName: name) =>
    readContract(eth, { address: orchestrator, abi: orchestratorAbi, functionName, args: [] as never }, signal)
  const [chainId, oracleSet, bondToken, clock] = await Promise.all([
    eth.chainId(signal),
    read('oracleSet'),
    read('bondToken'),
    read('clockParams'),
  ])
  return {
    chainId,
    orchestrator,
    oracleSet: lower(oracleSet as Address & `0x${string}`),
    bondToken: lower(bondToken as Address & `0x${string}`),
    genesis: clock.genesis,
    epochSeconds: clock.epochLength,
    dayEpochs: clock.dayEpochs,
  }
}

/** Every endpoint must serve the same chain. */
export async function requireChain(eth: EthMethods, chainId: number, signal: AbortSignal): Promise<void> {
  const actual = await eth.chainId(signal)
  if (actual !== chainId)
    throw new ChainError('wrong-network', `${eth.label} serves chain ${actual}, the other endpoint chain ${chainId}`)
}
