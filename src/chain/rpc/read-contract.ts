/** One view call, typed by the contract's ABI. */
import {
  type Abi,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type ContractFunctionReturnType,
  type DecodeFunctionResultParameters,
  decodeFunctionResult,
  type EncodeFunctionDataParameters,
  encodeFunctionData,
} from 'viem'
import type { Address } from '../../core/ids.ts'
import { ChainError } from '../errors.ts'
import type { EthMethods } from './methods.ts'
import { asRevert } from './revert.ts'

/**
 * @throws {ChainError} `wrong-network` when there is no such contract or function, `reverted` with the contract's error,
 * or what the endpoint failed at.
 */
export async function readContract<
  const abi extends Abi,
  name extends ContractFunctionName<abi, 'view' | 'pure'>,
  const args extends ContractFunctionArgs<abi, 'view' | 'pure', name>,
>(
  eth: EthMethods,
  request: { address: Address; abi: abi; functionName: name; args: args },
  signal: AbortSignal,
): Promise<ContractFunctionReturnType<abi, 'view' | 'pure', name, args>> {
  const { address, abi, functionName } = request
  const input = encodeFunctionData(request as unknown as EncodeFunctionDataParameters)
  let result: `0x${string}`
  try {
    result = await eth.call({ to: address, data: input }, signal)
  } catch (error) {
    throw asRevert(error) ?? error
  }
  try {
    return decodeFunctionResult({
      abi,
      functionName,
      data: result,
    } as unknown as DecodeFunctionResultParameters) as ContractFunctionReturnType<abi, 'view' | 'pure', name, args>
  } catch (cause) {
    throw new ChainError('wrong-network', `${address} does not answer ${functionName}: not the contract it should be`, {
      cause,
    })
  }
}
