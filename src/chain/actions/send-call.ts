/** What all actions share: a contract call as a transaction, with its name as label. */
import { type Abi, type ContractFunctionArgs, type ContractFunctionName, encodeFunctionData } from 'viem'
import type { Address } from '../../core/ids.ts'
import type { ChainNetwork, TransactionReceipt, TransactionSender } from '../api.ts'
import { ChainError } from '../errors.ts'
import { type ContractEvent, decodeEvent } from '../events.ts'

export interface ActionModules {
  network: ChainNetwork
  sender: TransactionSender
}

export interface ActionOptions {
  /** Two calls with the same key are one transaction, also after a restart. */
  key?: string
  signal: AbortSignal
}

/** @throws {ChainError} `reverted` with the contract's error before anything is paid, where an estimate finds it. */
export function sendCall<
  const abi extends Abi,
  name extends ContractFunctionName<abi, 'nonpayable'>,
  const args extends ContractFunctionArgs<abi, 'nonpayable', name>,
>(
  { sender }: ActionModules,
  call: { to: Address; abi: abi; functionName: name; args: args },
  { key, signal }: ActionOptions,
): Promise<TransactionReceipt> {
  const data = encodeFunctionData(call as unknown as Parameters<typeof encodeFunctionData>[0])
  return sender.send({ to: call.to, data, label: call.functionName, ...(key !== undefined && { key }) }, signal)
}

/** The first event of a name that the call emitted. */
export function eventOf<Name extends ContractEvent['eventName']>(
  receipt: TransactionReceipt,
  name: Name,
): Extract<ContractEvent, { eventName: Name }> {
  for (const log of receipt.logs) {
    const event = decodeEvent(log)
    if (event?.eventName === name) return event as Extract<ContractEvent, { eventName: Name }>
  }
  throw new ChainError('rpc-inconsistent', `the transaction ${receipt.hash} succeeded without its event ${name}`)
}
