/** Raises the sender's provider bond. */

import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function increaseProviderBond(
  modules: ActionModules,
  amount: bigint,
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    { to: modules.network.orchestrator, abi, functionName: 'increaseProviderBond', args: [amount] },
    options,
  )
}
