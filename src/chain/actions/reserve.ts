/** Holds capacity of a unit; the deposit comes from the sender's credit, then from its allowance. */
import type { ReserveTerms } from '../../core/ports/market.ts'
import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, eventOf, sendCall } from './send-call.ts'

export async function reserve(
  modules: ActionModules,
  terms: ReserveTerms,
  options: ActionOptions,
): Promise<TransactionReceipt & { id: bigint }> {
  const call = { to: modules.network.orchestrator, abi, functionName: 'reserve', args: [terms] } as const
  const receipt = await sendCall(modules, call, options)
  return { ...receipt, id: eventOf(receipt, 'ReservationHeld').args.id }
}
