/** Closes a reservation whose escape nobody answered. */

import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function executeEscape(
  modules: ActionModules,
  reservationId: bigint,
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    { to: modules.network.orchestrator, abi, functionName: 'executeEscape', args: [reservationId] },
    options,
  )
}
