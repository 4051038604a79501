/** Announces the end of a new hash chain, at least two epochs ahead. */
import type { HashChainAnchor } from '../../core/chain-facts.ts'
import type { TransactionReceipt } from '../api.ts'
import { oracleSetAbi as abi } from '../generated/oracle-set-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function renewAnchor(
  modules: ActionModules,
  anchor: HashChainAnchor,
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(modules, { to: modules.network.oracleSet, abi, functionName: 'renewAnchor', args: [anchor] }, options)
}
