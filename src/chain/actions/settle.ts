/** Settles reservations of one unit up to a proven leaf. Anyone may. */
import type { ProvenLeaf } from '../../core/ports/market.ts'
import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'
import { unitLeafStruct } from './structs.ts'

export function settle(
  modules: ActionModules,
  proven: ProvenLeaf,
  ids: readonly bigint[],
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    {
      to: modules.network.orchestrator,
      abi,
      functionName: 'settle',
      args: [unitLeafStruct(proven.leaf), proven.ringPrevEpoch, [...proven.proof], [...ids]],
    },
    options,
  )
}
