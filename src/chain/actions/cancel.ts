/** Gives a held reservation up; everything is refunded. */

import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function cancel(modules: ActionModules, id: bigint, options: ActionOptions): Promise<TransactionReceipt> {
  return sendCall(modules, { to: modules.network.orchestrator, abi, functionName: 'cancel', args: [id] }, options)
}
