/** Adds money to a running reservation. */

import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function topUp(
  modules: ActionModules,
  id: bigint,
  amount: bigint,
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    { to: modules.network.orchestrator, abi, functionName: 'topUp', args: [id, amount] },
    options,
  )
}
