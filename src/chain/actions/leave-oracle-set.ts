/** Asks to leave: no further set has the sender's oracle. */

import type { TransactionReceipt } from '../api.ts'
import { oracleSetAbi as abi } from '../generated/oracle-set-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function leaveOracleSet(modules: ActionModules, options: ActionOptions): Promise<TransactionReceipt> {
  return sendCall(modules, { to: modules.network.oracleSet, abi, functionName: 'leave', args: [] }, options)
}
