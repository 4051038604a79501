/** The Ethereum methods that this program uses, typed, on one endpoint. */
import type { Address, Hash32, Hex } from '../../core/ids.ts'
import type { BlockHeader, TransactionReceipt } from '../api.ts'
import type { RawLog } from '../events.ts'
import type { RpcEndpoint } from './json-rpc.ts'
import { data, hash32, listOf, parseHeader, parseLog, parseReceipt, quantity, safeNumber } from './parse.ts'

export interface CallRequest {
  from?: Address
  to: Address
  data: Hex
  value?: bigint
}

export interface EthMethods {
  readonly label: string
  chainId(signal: AbortSignal): Promise<number>
  /** `undefined` for a number above the endpoint's head. */
  header(block: bigint | 'latest', signal: AbortSignal): Promise<BlockHeader | undefined>
  /** Both bounds inclusive; in the order of the chain. */
  logs(from: bigint, to: bigint, addresses: readonly Address[], signal: AbortSignal): Promise<RawLog[]>
  call(request: CallRequest, signal: AbortSignal): Promise<Hex>
  estimateGas(request: CallRequest, signal: AbortSignal): Promise<bigint>
  nonce(account: Address, block: 'latest' | 'pending', signal: AbortSignal): Promise<number>
  balance(account: Address, signal: AbortSignal): Promise<bigint>
  priorityFee(signal: AbortSignal): Promise<bigint>
  gasPrice(signal: AbortSignal): Promise<bigint>
  sendRaw(transaction: Hex, signal: AbortSignal): Promise<Hash32>
  receipt(hash: Hash32, signal: AbortSignal): Promise<(TransactionReceipt & { status: number }) | undefined>
}

const hex = (value: bigint | number): Hex => `0x${value.toString(16)}`

function callParams({ from, to, data: input, value }: CallRequest): Record<string, string> {
  return { ...(from && { from }), to, data: input, ...(value !== undefined && { value: hex(value) }) }
}

export function ethMethods(endpoint: RpcEndpoint): EthMethods {
  const ask = (method: string, params: readonly unknown[], signal: AbortSignal) =>
    endpoint.request(method, params, signal)
  return {
    label: endpoint.label,
    chainId: async (signal) => safeNumber(await ask('eth_chainId', [], signal), 'chain id'),
    async header(block, signal) {
      const answer = await ask('eth_getBlockByNumber', [block === 'latest' ? block : hex(block), false], signal)
      return answer === null ? undefined : parseHeader(answer)
    },
    async logs(from, to, addresses, signal) {
      const filter = { fromBlock: hex(from), toBlock: hex(to), address: addresses }
      const logs = listOf(await ask('eth_getLogs', [filter], signal), 'logs').map(parseLog)
      return logs.sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex)
    },
    call: async (request, signal) =>
      data(await ask('eth_call', [callParams(request), 'latest'], signal), 'call result'),
    estimateGas: async (request, signal) =>
      quantity(await ask('eth_estimateGas', [callParams(request)], signal), 'gas'),
    nonce: async (account, block, signal) =>
      safeNumber(await ask('eth_getTransactionCount', [account, block], signal), 'nonce'),
    balance: async (account, signal) => quantity(await ask('eth_getBalance', [account, 'latest'], signal), 'balance'),
    priorityFee: async (signal) => quantity(await ask('eth_maxPriorityFeePerGas', [], signal), 'priority fee'),
    gasPrice: async (signal) => quantity(await ask('eth_gasPrice', [], signal), 'gas price'),
    sendRaw: async (transaction, signal) =>
      hash32(await ask('eth_sendRawTransaction', [transaction], signal), 'transaction hash'),
    async receipt(hash, signal) {
      const answer = await ask('eth_getTransactionReceipt', [hash], signal)
      return answer === null ? undefined : parseReceipt(answer)
    },
  }
}
