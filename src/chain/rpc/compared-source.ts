/**
 * Two endpoints that are compared. What both have and agree on is taken; the head is the lower of the two, so that a liar
 * alone can't make a block look deep. One that is down or too far behind is left out and said so; where settled blocks
 * or their logs differ, one of the two lies, nobody can say which, and nothing is taken from either.
 */
import type { BlockHeader } from '../api.ts'
import { ChainError, type ChainErrorCode } from '../errors.ts'
import type { RawLog } from '../events.ts'
import type { EthMethods } from './methods.ts'
import { type ChainSource, noHead } from './source.ts'

export interface ComparedSourceOptions {
  confirmations: number
  /** An endpoint whose newest block is this much older than the other's is left out. */
  lagSeconds: number
}

type Pair = readonly [EthMethods, EthMethods]

/** Codes for which an endpoint is left out: it is not there. Anything else it says is compared. */
const ABSENT: ReadonlySet<ChainErrorCode> = new Set([
  'rpc-unreachable',
  'rpc-timeout',
  'rpc-throttled',
  'rpc-malformed',
  'rpc-error',
])

export function comparedSource(endpoints: Pair, options: ComparedSourceOptions): ChainSource {
  /** Endpoints that took part in the last agreed head; never empty. */
  let trusted: readonly EthMethods[] = endpoints
  let warning: ChainError | undefined

  const alone = (endpoint: EthMethods, reason: ChainError) => {
    trusted = [endpoint]
    warning = reason
  }

  return {
    async head(signal) {
      const [a, b] = await Promise.allSettled(endpoints.map((endpoint) => newest(endpoint, signal)))
      signal.throwIfAborted()
      if (a!.status === 'rejected' || b!.status === 'rejected') {
        if (a!.status === 'fulfilled') alone(endpoints[0], absence(b!, endpoints[1]))
        else if (b!.status === 'fulfilled') alone(endpoints[1], absence(a!, endpoints[0]))
        else throw a!.reason
        return a!.status === 'fulfilled' ? a!.value : (b as PromiseFulfilledResult<BlockHeader>).value
      }
      const heads = [a!.value, b!.value] as const
      const ahead = heads[0].timestamp >= heads[1].timestamp ? 0 : 1
      const behind = 1 - ahead
      if (heads[ahead].timestamp - heads[behind]!.timestamp > options.lagSeconds) {
        alone(endpoints[ahead], lagging(endpoints[behind]!, heads[ahead], heads[behind]!))
        return heads[ahead]
      }
      await requireAgreement(endpoints, Number(heads[behind]!.number) - options.confirmations, signal)
      // The lower one's own head comes first, so that what is asked about it next is there.
      const lower = heads[0].number <= heads[1].number ? 0 : 1
      trusted = [endpoints[lower]!, endpoints[1 - lower]!]
      warning = undefined
      return heads[lower]!
    },
    async header(number, signal) {
      return first(trusted).header(BigInt(number), signal)
    },
    async logs(from, to, addresses, signal) {
      const answers = await Promise.all(
        trusted.map((endpoint) => endpoint.logs(BigInt(from), BigInt(to), addresses, signal)),
      )
      const [one, other] = answers
      if (other !== undefined && digestOf(one!) !== digestOf(other)) {
        // The same blocks with other logs: a lie. Other blocks: one of them saw a reorg first.
        const forked = blocksOf(one!) !== blocksOf(other) && (await forkedAt(trusted as Pair, to, signal))
        throw forked
          ? new ChainError('rpc-inconsistent', `${labels(endpoints)} are on different forks at block ${to}`)
          : disagreement(endpoints, `the logs of blocks ${from} to ${to}`)
      }
      return one!
    },
    active: () => first(trusted),
    all: () => endpoints,
    warning: () => warning,
  }
}

function first(list: readonly EthMethods[]): EthMethods {
  return list[0]!
}

async function newest(endpoint: EthMethods, signal: AbortSignal): Promise<BlockHeader> {
  const head = await endpoint.header('latest', signal)
  if (head === undefined) throw noHead(endpoint.label)
  return head
}

function absence(result: PromiseSettledResult<unknown>, endpoint: EthMethods): ChainError {
  const reason = (result as PromiseRejectedResult).reason
  if (reason instanceof ChainError && ABSENT.has(reason.code)) return reason
  return new ChainError('rpc-unreachable', `${endpoint.label} failed`, { cause: reason })
}

function lagging(endpoint: EthMethods, ahead: BlockHeader, behind: BlockHeader): ChainError {
  const seconds = ahead.timestamp - behind.timestamp
  return new ChainError('rpc-lagging', `${endpoint.label} is ${seconds} s behind and left out until it catches up`)
}

async function requireAgreement(endpoints: Pair, number: number, signal: AbortSignal): Promise<void> {
  if (number < 0) return
  const [a, b] = await Promise.all(endpoints.map((endpoint) => endpoint.header(BigInt(number), signal)))
  if (a?.hash !== b?.hash) throw disagreement(endpoints, `block ${number}`)
}

async function forkedAt(endpoints: Pair, number: number, signal: AbortSignal): Promise<boolean> {
  const [a, b] = await Promise.all(endpoints.map((endpoint) => endpoint.header(BigInt(number), signal)))
  return a?.hash !== b?.hash
}

function disagreement(endpoints: Pair, what: string): ChainError {
  return new ChainError(
    'rpc-disagreement',
    `${labels(endpoints)} disagree about ${what}: one of them lies; compare them with a third and remove the wrong one`,
  )
}

function labels(endpoints: Pair): string {
  return endpoints.map(({ label }) => label).join(' and ')
}

function digestOf(logs: readonly RawLog[]): string {
  return JSON.stringify(logs.map((log) => [log.blockHash, log.logIndex, log.address, log.topics, log.data, log.txHash]))
}

function blocksOf(logs: readonly RawLog[]): string {
  return logs.map((log) => log.blockHash).join()
}
