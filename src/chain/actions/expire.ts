/** Gives the capacity of reservations past their end back to their units. Anyone may. */

import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function expire(
  modules: ActionModules,
  ids: readonly bigint[],
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(modules, { to: modules.network.orchestrator, abi, functionName: 'expire', args: [[...ids]] }, options)
}
