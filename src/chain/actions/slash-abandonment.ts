/** Slashes the provider of a unit that was removed while capacity is reserved in it. Anyone may, once a unit. */
import type { ProvenLeaf } from '../../core/ports/market.ts'
import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'
import { unitLeafStruct } from './structs.ts'

export function slashAbandonment(
  modules: ActionModules,
  proven: ProvenLeaf,
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    {
      to: modules.network.orchestrator,
      abi,
      functionName: 'slashAbandonment',
      args: [unitLeafStruct(proven.leaf), proven.ringPrevEpoch, [...proven.proof]],
    },
    options,
  )
}
