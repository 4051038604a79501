/** Starts a held reservation from the unit's leaf under the last accepted root. */
import type { ProvenLeaf } from '../../core/ports/market.ts'
import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'
import { unitLeafStruct } from './structs.ts'

export function activate(
  modules: ActionModules,
  id: bigint,
  proven: ProvenLeaf,
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    {
      to: modules.network.orchestrator,
      abi,
      functionName: 'activate',
      args: [id, unitLeafStruct(proven.leaf), proven.ringPrevEpoch, [...proven.proof]],
    },
    options,
  )
}
