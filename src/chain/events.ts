/** The contracts' events, decoded: a closed union by name, with the place in the chain where they stand. */
import { type AbiParameter, concatHex, type DecodeEventLogReturnType, decodeAbiParameters, toEventSelector } from 'viem'
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

interface KnownEvent {
  name: string
  indexed: readonly AbiParameter[]
  rest: readonly AbiParameter[]
}

/**
 * By selector. viem's `decodeEventLog` hashes every event of the ABI for every log, 0.4 ms each with these contracts;
 * a catch-up over 100,000 logs is minutes or seconds by this.
 */
const KNOWN = new Map<Hash32, KnownEvent>()
for (const abi of [orchestratorAbi, oracleSetAbi])
  for (const item of abi)
    if (item.type === 'event')
      KNOWN.set(toEventSelector(item), {
        name: item.name,
        indexed: item.inputs.filter(({ indexed }) => indexed),
        rest: item.inputs.filter(({ indexed }) => !indexed),
      })

/**
 * `undefined` for an event that this version does not know: contracts may say more than a node needs.
 * @throws {Error} viem's, when data and topics do not fit the event.
 */
export function decodeEvent({ topics, data }: Pick<RawLog, 'topics' | 'data'>): ContractEvent | undefined {
  const [selector, ...values] = topics
  const known = selector === undefined ? undefined : KNOWN.get(selector)
  if (known === undefined) return undefined
  // Indexed parameters of these contracts are static: one word each.
  const args = { ...named(known.indexed, concatHex(values)), ...named(known.rest, data) }
  return { eventName: known.name, args } as unknown as ContractEvent
}

function named(parameters: readonly AbiParameter[], data: Hex): Record<string, unknown> {
  if (parameters.length === 0) return {}
  const values = decodeAbiParameters(parameters, data)
  return Object.fromEntries(parameters.map(({ name }, i) => [name, values[i]]))
}

/** viem gives check-summed addresses; ours are lower-case, so that they compare as bytes do. */
export function lower<T extends Hex>(hex: Hex): T {
  return hex.toLowerCase() as T
}
