/** The contracts' events, decoded: a closed union by name, with the place in the chain where they stand. */
import { type DecodeEventLogReturnType, decodeEventLog, toEventSelector } from 'viem'
import type { Address, Hash32, Hex } from '../core/ids.ts'
import { oracleSetAbi } from './generated/oracle-set-abi.ts'
import { orchestratorAbi } from './generated/orchestrator-abi.ts'

/** A log as an endpoint gives it, numbers parsed. */
export interface RawLog {
  address: Address
  topics: readonly Hash32[]
  data: Hex
  blockNumber: number
  blockHash: Hash32
  txHash: Hash32
  logIndex: number
}

type DecodedEvent =
  | DecodeEventLogReturnType<typeof orchestratorAbi, undefined, Hex[], undefined, true>
  | DecodeEventLogReturnType<typeof oracleSetAbi, undefined, Hex[], undefined, true>

/** Where an event stands. */
export interface EventPlace {
  block: number
  /** Unix seconds of the block. */
  timestamp: number
  txHash: Hash32
}

export type ContractEvent = DecodedEvent

const KNOWN = new Map<string, typeof orchestratorAbi | typeof oracleSetAbi>()
for (const abi of [orchestratorAbi, oracleSetAbi])
  for (const item of abi) if (item.type === 'event') KNOWN.set(toEventSelector(item), abi)

/** `undefined` for an event that this version does not know: contracts may say more than a node needs. */
export function decodeEvent(log: Pick<RawLog, 'topics' | 'data'>): ContractEvent | undefined {
  const [selector] = log.topics
  const abi = selector === undefined ? undefined : KNOWN.get(selector)
  if (abi === undefined) return undefined
  return decodeEventLog({
    abi: abi as typeof orchestratorAbi,
    topics: log.topics as [Hex, ...Hex[]],
    data: log.data,
    strict: true,
  }) as ContractEvent
}

/** viem gives check-summed addresses; ours are lower-case, so that they compare as bytes do. */
export function lower<T extends Hex>(hex: Hex): T {
  return hex.toLowerCase() as T
}
