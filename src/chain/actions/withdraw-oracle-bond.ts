/** Takes the bond of an oracle that left, once its duties are too old to be disputed. */

import type { TransactionReceipt } from '../api.ts'
import { oracleSetAbi as abi } from '../generated/oracle-set-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function withdrawOracleBond(modules: ActionModules, options: ActionOptions): Promise<TransactionReceipt> {
  return sendCall(modules, { to: modules.network.oracleSet, abi, functionName: 'withdrawBond', args: [] }, options)
}
