/** Endpoints' answers as typed values; anything of another shape is `rpc-malformed`. */
import type { Address, Hash32, Hex } from '../../core/ids.ts'
import type { BlockHeader, TransactionReceipt } from '../api.ts'
import { ChainError } from '../errors.ts'
import type { RawLog } from '../events.ts'

type Fields = Record<string, unknown>

function malformed(what: string): never {
  throw new ChainError('rpc-malformed', `an endpoint's answer has no valid ${what}`)
}

export function fieldsOf(value: unknown, what: string): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : malformed(what)
}

export function listOf(value: unknown, what: string): unknown[] {
  return Array.isArray(value) ? value : malformed(what)
}

export function quantity(value: unknown, what: string): bigint {
  return typeof value === 'string' && /^0x[0-9a-fA-F]{1,64}$/.test(value) ? BigInt(value) : malformed(what)
}

/** A quantity that fits a double exactly: block numbers, indexes, seconds. */
export function safeNumber(value: unknown, what: string): number {
  const wide = quantity(value, what)
  return wide <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(wide) : malformed(what)
}

export function hash32(value: unknown, what: string): Hash32 {
  return typeof value === 'string' && /^0x[0-9a-fA-F]{64}$/.test(value)
    ? (value.toLowerCase() as Hash32 & Hex)
    : malformed(what)
}

export function address(value: unknown, what: string): Address {
  return typeof value === 'string' && /^0x[0-9a-fA-F]{40}$/.test(value)
    ? (value.toLowerCase() as Address & Hex)
    : malformed(what)
}

export function data(value: unknown, what: string): Hex {
  return typeof value === 'string' && /^0x(?:[0-9a-fA-F]{2})*$/.test(value)
    ? (value.toLowerCase() as Hex)
    : malformed(what)
}

export function parseHeader(value: unknown): BlockHeader {
  const b = fieldsOf(value, 'block')
  return {
    number: BigInt(safeNumber(b.number, 'block number')),
    hash: hash32(b.hash, 'block hash'),
    parentHash: hash32(b.parentHash, 'parent hash'),
    timestamp: safeNumber(b.timestamp, 'timestamp'),
    mixHash: hash32(b.mixHash, 'mix hash'),
    baseFeePerGas: b.baseFeePerGas === undefined ? undefined : quantity(b.baseFeePerGas, 'base fee'),
  }
}

export function parseLog(value: unknown): RawLog {
  const l = fieldsOf(value, 'log')
  return {
    address: address(l.address, 'log address'),
    topics: listOf(l.topics, 'log topics').map((topic) => hash32(topic, 'log topic')),
    data: data(l.data, 'log data'),
    blockNumber: safeNumber(l.blockNumber, 'log block number'),
    blockHash: hash32(l.blockHash, 'log block hash'),
    txHash: hash32(l.transactionHash, 'log transaction hash'),
    logIndex: safeNumber(l.logIndex, 'log index'),
  }
}

/** A receipt with its status: 1 success, 0 reverted. */
export function parseReceipt(value: unknown): TransactionReceipt & { status: number } {
  const r = fieldsOf(value, 'receipt')
  return {
    hash: hash32(r.transactionHash, 'transaction hash'),
    blockNumber: BigInt(safeNumber(r.blockNumber, 'receipt block number')),
    blockHash: hash32(r.blockHash, 'receipt block hash'),
    gasUsed: quantity(r.gasUsed, 'gas used'),
    effectiveGasPrice: quantity(r.effectiveGasPrice, 'gas price'),
    status: safeNumber(r.status, 'receipt status'),
    logs: listOf(r.logs, 'receipt logs').map((entry) => {
      const log = parseLog(entry)
      return { address: log.address, topics: log.topics, data: log.data, logIndex: log.logIndex }
    }),
  }
}
