/** Settles reservations of several units by one multiproof of their leaves. Anyone may. */
import type { ProvenLeaves } from '../../core/ports/market.ts'
import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'
import { unitLeafStruct } from './structs.ts'

export function settleMany(
  modules: ActionModules,
  { settlements, ringPrevEpoch, proof, flags }: ProvenLeaves,
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    {
      to: modules.network.orchestrator,
      abi,
      functionName: 'settleMany',
      args: [
        settlements.map(({ leaf }) => unitLeafStruct(leaf)),
        settlements.map(({ ids }) => [...ids]),
        ringPrevEpoch,
        [...proof],
        [...flags],
      ],
    },
    options,
  )
}
