/** Pays further epochs of a running reservation. */

import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function extend(
  modules: ActionModules,
  id: bigint,
  epochs: number,
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    { to: modules.network.orchestrator, abi, functionName: 'extend', args: [id, epochs] },
    options,
  )
}
