/** Refuses a held reservation; its provider only. */

import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function reject(modules: ActionModules, id: bigint, options: ActionOptions): Promise<TransactionReceipt> {
  return sendCall(modules, { to: modules.network.orchestrator, abi, functionName: 'reject', args: [id] }, options)
}
