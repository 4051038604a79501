/** Makes an operator a candidate again when its bond is high enough. */
import type { Address } from '../../core/ids.ts'
import type { TransactionReceipt } from '../api.ts'
import { oracleSetAbi as abi } from '../generated/oracle-set-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function claimSeat(
  modules: ActionModules,
  operator: Address,
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(modules, { to: modules.network.oracleSet, abi, functionName: 'claimSeat', args: [operator] }, options)
}
