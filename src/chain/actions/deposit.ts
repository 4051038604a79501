/** Credits an account inside the contract. The token must be approved. */
import type { Address } from '../../core/ids.ts'
import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function deposit(
  modules: ActionModules,
  token: Address,
  account: Address,
  amount: bigint,
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    { to: modules.network.orchestrator, abi, functionName: 'depositFor', args: [token, account, amount] },
    options,
  )
}
