/** Takes a unit off the market for good. */
import type { UnitId } from '../../core/ids.ts'
import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function retireUnit(
  modules: ActionModules,
  unitId: UnitId,
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    { to: modules.network.orchestrator, abi, functionName: 'retireUnit', args: [unitId] },
    options,
  )
}
