/** Takes note of an attested data loss. Anyone may. */
import type { ProvenLeaf } from '../../core/ports/market.ts'
import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'
import { unitLeafStruct } from './structs.ts'

export function noticeLoss(
  modules: ActionModules,
  proven: ProvenLeaf,
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    {
      to: modules.network.orchestrator,
      abi,
      functionName: 'noticeLoss',
      args: [unitLeafStruct(proven.leaf), proven.ringPrevEpoch, [...proven.proof]],
    },
    options,
  )
}
