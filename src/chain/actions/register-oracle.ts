/** Registers an oracle: its bond, its node key with that key's consent, and the end of its hash chain. The bond token must be approved. */
import type { HashChainAnchor } from '../../core/chain-facts.ts'
import { type Address, bytesToHex } from '../../core/ids.ts'
import type { Signature } from '../../core/ports/signer.ts'
import type { TransactionReceipt } from '../api.ts'
import { oracleSetAbi as abi } from '../generated/oracle-set-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'

export function registerOracle(
  modules: ActionModules,
  request: { node: Address; bond: bigint; anchor: HashChainAnchor; consent: Signature },
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    {
      to: modules.network.oracleSet,
      abi,
      functionName: 'register',
      args: [request.node, request.bond, request.anchor, bytesToHex(request.consent)],
    },
    options,
  )
}
