/** A stretch of the chain, fetched and checked against itself: headers linked, logs in the blocks they claim. */
import type { Address } from '../../core/ids.ts'
import type { BlockHeader } from '../api.ts'
import { ChainError } from '../errors.ts'
import type { RawLog } from '../events.ts'
import type { ChainSource } from '../rpc/source.ts'
import type { TimedLog } from './cursor-store.ts'

/** Requests in flight at once. */
const CONCURRENCY = 8

/** Headers of the numbers, in their order. @throws {ChainError} `rpc-inconsistent` when one is missing. */
export async function fetchHeaders(
  source: ChainSource,
  numbers: readonly number[],
  signal: AbortSignal,
): Promise<BlockHeader[]> {
  const headers: BlockHeader[] = []
  for (let i = 0; i < numbers.length; i += CONCURRENCY) {
    const part = numbers.slice(i, i + CONCURRENCY).map(async (number) => {
      const header = await source.header(number, signal)
      if (header === undefined || Number(header.number) !== number)
        throw new ChainError('rpc-inconsistent', `block ${number} is missing below the head`)
      return header
    })
    headers.push(...(await Promise.all(part)))
  }
  return headers
}

/** Logs with the timestamps of their blocks, whose hashes must be those of the headers. */
export function timedLogs(logs: readonly RawLog[], headers: readonly BlockHeader[]): TimedLog[] {
  const byNumber = new Map(headers.map((header) => [Number(header.number), header]))
  return logs.map((log) => {
    const header = byNumber.get(log.blockNumber)
    if (header === undefined || header.hash !== log.blockHash)
      throw new ChainError('rpc-inconsistent', `a log claims block ${log.blockNumber}, which has another hash`)
    return { ...log, timestamp: header.timestamp }
  })
}

export interface Stretch {
  headers: BlockHeader[]
  logs: TimedLog[]
}

/** Blocks from `from` up to `head`, all headers. */
export async function fetchLive(
  source: ChainSource,
  from: number,
  head: BlockHeader,
  addresses: readonly Address[],
  signal: AbortSignal,
): Promise<Stretch> {
  const to = Number(head.number)
  const numbers = Array.from({ length: to - from }, (_, i) => from + i)
  const [headers, logs] = await Promise.all([
    fetchHeaders(source, numbers, signal),
    source.logs(from, to, addresses, signal),
  ])
  headers.push(head)
  return { headers, logs: timedLogs(logs, headers) }
}

/** Blocks far below the head: only the headers of blocks with logs, and the last one. */
export async function fetchPast(
  source: ChainSource,
  from: number,
  to: number,
  addresses: readonly Address[],
  signal: AbortSignal,
): Promise<Stretch> {
  const logs = await source.logs(from, to, addresses, signal)
  const numbers = [...new Set([...logs.map((log) => log.blockNumber), to])].sort((a, b) => a - b)
  const headers = await fetchHeaders(source, numbers, signal)
  return { headers: headers.slice(-1), logs: timedLogs(logs, headers) }
}
