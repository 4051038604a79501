/** Announces the candidates as the next oracle set. Anyone may. */

import type { TransactionReceipt } from '../api.ts'
import { oracleSetAbi as abi } from '../generated/oracle-set-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function recomputeSet(modules: ActionModules, options: ActionOptions): Promise<TransactionReceipt> {
  return sendCall(modules, { to: modules.network.oracleSet, abi, functionName: 'recompute', args: [] }, options)
}
