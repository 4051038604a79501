/** Registers the sender as a provider: bond, node key and that key's consent. The bond token must be approved. */
import { type Address, bytesToHex } from '../../core/ids.ts'
import type { Signature } from '../../core/ports/signer.ts'
import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function registerProvider(
  modules: ActionModules,
  request: { node: Address; bond: bigint; consent: Signature },
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    {
      to: modules.network.orchestrator,
      abi,
      functionName: 'registerProvider',
      args: [request.node, request.bond, bytesToHex(request.consent)],
    },
    options,
  )
}
