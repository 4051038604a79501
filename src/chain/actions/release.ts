/** Gives the remaining epochs of a reservation back. */

import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function release(modules: ActionModules, id: bigint, options: ActionOptions): Promise<TransactionReceipt> {
  return sendCall(modules, { to: modules.network.orchestrator, abi, functionName: 'release', args: [id] }, options)
}
