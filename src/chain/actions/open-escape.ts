/** Opens the escape of a reservation without a provable leaf. */

import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function openEscape(
  modules: ActionModules,
  reservationId: bigint,
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    { to: modules.network.orchestrator, abi, functionName: 'openEscape', args: [reservationId] },
    options,
  )
}
