/** Offers a unit; sent by the provider's node key or its operator. */
import type { UnitTerms } from '../../core/units.ts'
import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'
import { termsStruct } from './structs.ts'

export function registerDataUnit(
  modules: ActionModules,
  terms: UnitTerms,
  deadline: number,
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    { to: modules.network.orchestrator, abi, functionName: 'registerDataUnit', args: [termsStruct(terms, deadline)] },
    options,
  )
}
