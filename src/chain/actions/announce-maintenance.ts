/** Announces epochs in which a unit is not measured. */
import type { Epoch, UnitId } from '../../core/ids.ts'
import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function announceMaintenance(
  modules: ActionModules,
  unitId: UnitId,
  fromEpoch: Epoch,
  epochs: number,
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    { to: modules.network.orchestrator, abi, functionName: 'announceMaintenance', args: [unitId, fromEpoch, epochs] },
    options,
  )
}
