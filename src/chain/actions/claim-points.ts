/** Pays an oracle's proven points from the pool. */
import type { Address, Epoch, Hash32 } from '../../core/ids.ts'
import type { OracleLeaf } from '../../core/leaves.ts'
import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'
import { oracleLeafStruct } from './structs.ts'

export function claimPoints(
  modules: ActionModules,
  proven: { leaf: OracleLeaf; ringPrevEpoch: Epoch; proof: readonly Hash32[] },
  token: Address,
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    {
      to: modules.network.orchestrator,
      abi,
      functionName: 'claimPoints',
      args: [oracleLeafStruct(proven.leaf), proven.ringPrevEpoch, [...proven.proof], token],
    },
    options,
  )
}
