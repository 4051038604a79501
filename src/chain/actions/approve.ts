/** Lets a contract take tokens of the sender's account. */
import type { Address } from '../../core/ids.ts'
import type { TransactionReceipt } from '../api.ts'
import { erc20Abi as abi } from '../reader/erc20-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function approve(
  modules: ActionModules,
  request: { token: Address; spender: Address; amount: bigint },
  options: ActionOptions,
): Promise<TransactionReceipt> {
  const { token, spender, amount } = request
  return sendCall(modules, { to: token, abi, functionName: 'approve', args: [spender, amount] }, options)
}
