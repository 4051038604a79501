/** Changes a unit's capacity, down to what is reserved. */
import type { UnitId } from '../../core/ids.ts'
import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function changeCapacity(
  modules: ActionModules,
  unitId: UnitId,
  capacityBytes: bigint,
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    { to: modules.network.orchestrator, abi, functionName: 'changeCapacity', args: [unitId, capacityBytes] },
    options,
  )
}
