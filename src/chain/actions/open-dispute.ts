/** Opens a dispute over a running reservation. The deposit is taken from credit or allowance. */
import type { Hash32 } from '../../core/ids.ts'
import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function openDispute(
  modules: ActionModules,
  request: { reservationId: bigint; kind: number; amount: bigint; evidenceHash: Hash32 },
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    {
      to: modules.network.orchestrator,
      abi,
      functionName: 'openDispute',
      args: [request.reservationId, request.kind, request.amount, request.evidenceHash],
    },
    options,
  )
}
