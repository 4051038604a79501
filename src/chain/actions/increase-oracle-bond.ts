/** Raises the bond of the sender's oracle. */

import type { TransactionReceipt } from '../api.ts'
import { oracleSetAbi as abi } from '../generated/oracle-set-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function increaseOracleBond(
  modules: ActionModules,
  amount: bigint,
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    { to: modules.network.oracleSet, abi, functionName: 'increaseBond', args: [amount] },
    options,
  )
}
