/** Whether anyone may activate reservations of the unit, or its provider only. */
import type { UnitId } from '../../core/ids.ts'
import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function setAutoAccept(
  modules: ActionModules,
  unitId: UnitId,
  autoAccept: boolean,
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    { to: modules.network.orchestrator, abi, functionName: 'setAutoAccept', args: [unitId, autoAccept] },
    options,
  )
}
