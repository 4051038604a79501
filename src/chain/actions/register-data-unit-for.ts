/** Relays a provider's signed offer; anyone may. */
import { bytesToHex } from '../../core/ids.ts'
import type { Signature } from '../../core/ports/signer.ts'
import type { UnitTerms } from '../../core/units.ts'
import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, sendCall } from './send-call.ts'
import { termsStruct } from './structs.ts'

export function registerDataUnitFor(
  modules: ActionModules,
  offer: { terms: UnitTerms; deadline: number; signature: Signature },
  options: ActionOptions,
): Promise<TransactionReceipt> {
  return sendCall(
    modules,
    {
      to: modules.network.orchestrator,
      abi,
      functionName: 'registerDataUnitFor',
      args: [termsStruct(offer.terms, offer.deadline), bytesToHex(offer.signature)],
    },
    options,
  )
}
