/** Sends the sender's whole credit in a token. */
import type { Address } from '../../core/ids.ts'
import type { TransactionReceipt } from '../api.ts'
import { orchestratorAbi as abi } from '../generated/orchestrator-abi.ts'
import { type ActionModules, type ActionOptions, eventOf, sendCall } from './send-call.ts'

export async function withdraw(
  modules: ActionModules,
  token: Address,
  to: Address,
  options: ActionOptions,
): Promise<TransactionReceipt & { amount: bigint }> {
  const call = { to: modules.network.orchestrator, abi, functionName: 'withdraw', args: [token, to] } as const
  const receipt = await sendCall(modules, call, options)
  return { ...receipt, amount: eventOf(receipt, 'Withdrawn').args.amount }
}
