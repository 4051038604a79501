/** The `Requests` port on libp2p streams: one stream per request, everything bounded, a fault closes that stream alone. */
import type { Connection, PeerId, Stream } from '@libp2p/interface'
import type { Libp2p } from 'libp2p'
import { codeOf } from '../core/errors.ts'
import type { Address } from '../core/ids.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { Metrics } from '../core/ports/metrics.ts'
import type { RequestHandler, Requests } from '../core/ports/requests.ts'
import { RequestError } from './errors.ts'
import { ANSWER, readFrame, writeFrame } from './frames.ts'
import type { MeshLimits } from './limits.ts'
import { shortName } from './names.ts'
import { MALFORMED_POINTS, OVER_QUOTA_POINTS, type Penalties } from './penalties.ts'
import { createQuota } from './quota.ts'

export interface RequestsModules {
  node: Pick<Libp2p, 'handle' | 'unhandle' | 'dialProtocol' | 'getConnections'>
  learn(peer: PeerId): Address | undefined
  /** Where the node with this address is; looked up in the network when not known, or with `fresh` in any case. */
  resolve(address: Address, signal: AbortSignal, fresh?: boolean): Promise<PeerId | undefined>
  penalties: Penalties
  logger: Logger
  metrics: Metrics
  now(): number
}

export interface RequestsAdapter extends Requests {
  /** As `request`, for a peer that is connected already. */
  requestPeer(
    peer: PeerId,
    protocol: string,
    body: Uint8Array,
    options: RequestOptions,
  ): Promise<Uint8Array | undefined>
  /** Ends what runs, in both directions. */
  close(): Promise<void>
}

export type RequestOptions = Parameters<Requests['request']>[3]

const ERROR_CODE_BYTES = 64

export function createRequests(limits: MeshLimits, modules: RequestsModules): RequestsAdapter {
  const { node, learn, resolve, metrics } = modules
  const stopped = new AbortController()
  const serve = createServer(limits, modules, stopped.signal)
  const protocols = new Set<string>()

  const ask = async (
    peer: PeerId,
    protocol: string,
    body: Uint8Array,
    maxResponseBytes: number,
    signal: AbortSignal,
  ) => {
    const stream = await open(node, peer, protocol, signal)
    try {
      const [answer] = await Promise.all([
        readFrame(stream, Math.max(maxResponseBytes, ERROR_CODE_BYTES) + 1, signal),
        writeFrame(stream, [body], signal),
      ])
      return decodeAnswer(answer, maxResponseBytes)
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  }

  const bounded = async <T>(options: RequestOptions, protocol: string, work: (signal: AbortSignal) => Promise<T>) => {
    const limit = deadline(options.timeoutMs, [stopped.signal, ...(options.signal ? [options.signal] : [])])
    let outcome = 'answered'
    try {
      return await work(limit.signal)
    } catch (error) {
      const failure = requestErrorOf(error, limit.signal, stopped.signal)
      outcome = failure.code
      throw failure
    } finally {
      limit.clear()
      metrics.count('p2p_requests_total', { protocol: shortName(protocol), outcome })
    }
  }

  return {
    request: (address, protocol, body, options) =>
      bounded(options, protocol, async (signal) => {
        const find = async (fresh: boolean) => {
          const peer = await resolve(address, signal, fresh)
          if (peer !== undefined) return peer
          throw new RequestError('unknown-peer', `no node is known by the address ${address}`)
        }
        const to = (peer: PeerId) => ask(peer, protocol, body, options.maxResponseBytes, signal)
        const peer = await find(false)
        // The addresses that are known of it may be old ones; a stream that was never opened carried nothing.
        return node.getConnections(peer).length > 0
          ? to(peer)
          : to(peer).catch(async (error: unknown) => {
              if (signal.aborted || codeOf(error) !== 'unreachable') throw error
              return to(await find(true))
            })
      }),
    requestPeer: (peer, protocol, body, options) =>
      bounded(options, protocol, (signal) => ask(peer, protocol, body, options.maxResponseBytes, signal)),
    handle(protocol, handler, { maxRequestBytes }) {
      const onStream = (stream: Stream, connection: Connection) =>
        void serve(stream, connection.remotePeer, handler, maxRequestBytes, protocol)
      void node.handle(protocol, onStream, {
        maxInboundStreams: 2 * limits.maxInboundRequestsPeer,
        maxOutboundStreams: limits.maxInboundRequests,
        runOnLimitedConnection: true,
      })
      protocols.add(protocol)
      return () => {
        if (protocols.delete(protocol)) void node.unhandle(protocol)
      }
    },
    peers() {
      const addresses = new Set<Address>()
      for (const { remotePeer } of node.getConnections()) {
        const address = learn(remotePeer)
        if (address !== undefined) addresses.add(address)
      }
      return [...addresses]
    },
    async close() {
      stopped.abort(new RequestError('stopped', 'the mesh is stopping'))
      await Promise.all([...protocols].map((protocol) => node.unhandle(protocol)))
      protocols.clear()
    },
  }
}

type Serve = (
  stream: Stream,
  peer: PeerId,
  handler: RequestHandler,
  maxRequestBytes: number,
  protocol: string,
) => Promise<void>

/** The answering side. Never throws. */
function createServer(limits: MeshLimits, modules: RequestsModules, stopped: AbortSignal): Serve {
  const { learn, penalties, logger, metrics, now } = modules
  const quota = createQuota({
    perSecond: limits.requestsPerSecondPeer,
    burst: limits.requestBurstPeer,
    concurrentPeer: limits.maxInboundRequestsPeer,
    concurrentTotal: limits.maxInboundRequests,
    maxKeys: limits.maxKnownPeers,
    now,
  })

  const answer = async (stream: Stream, from: Address, handler: RequestHandler, maxRequestBytes: number) => {
    const gone = new AbortController()
    stream.addEventListener('close', () => gone.abort(new RequestError('reset', 'the asker went away')), { once: true })
    const reading = deadline(limits.inboundRequestTimeoutMs, [stopped, gone.signal])
    const body = await readFrame(stream, maxRequestBytes, reading.signal).finally(reading.clear)
    const handling = deadline(limits.inboundRequestTimeoutMs, [stopped, gone.signal])
    try {
      const [code, parts] = await race(handler(body, from, handling.signal), handling.signal).then(
        (found) =>
          found === undefined
            ? (['not-found', [Uint8Array.of(ANSWER.notFound)]] as const)
            : (['found', [Uint8Array.of(ANSWER.found), found]] as const),
        (error: unknown) => {
          if (handling.signal.aborted) throw error
          logger.debug('a request handler failed', { code: codeOf(error), error: String(error) })
          return ['error', errorFrame(codeOf(error))] as const
        },
      )
      await writeFrame(stream, parts, handling.signal)
      return code
    } finally {
      handling.clear()
    }
  }

  return async (stream, peer, handler, maxRequestBytes, protocol) => {
    const name = peer.toString()
    const from = learn(peer)
    const refusal = from === undefined ? 'not-a-node' : quota.enter(name)
    const count = (result: string) =>
      metrics.count('p2p_requests_served_total', { protocol: shortName(protocol), result })
    if (from === undefined || refusal !== undefined) {
      penalties.add(name, OVER_QUOTA_POINTS)
      count(refusal ?? 'not-a-node')
      return stream.abort(new RequestError('remote', `refused: ${refusal}`))
    }
    try {
      count(await answer(stream, from, handler, maxRequestBytes))
    } catch (error) {
      const failure = requestErrorOf(error, undefined, stopped)
      if (failure.code === 'malformed' || failure.code === 'too-long') penalties.add(name, MALFORMED_POINTS)
      count(failure.code)
      stream.abort(failure)
    } finally {
      quota.leave(name)
    }
  }
}

async function open(
  node: RequestsModules['node'],
  peer: PeerId,
  protocol: string,
  signal: AbortSignal,
): Promise<Stream> {
  try {
    return await node.dialProtocol(peer, protocol, { signal, runOnLimitedConnection: true })
  } catch (cause) {
    if (signal.aborted) throw cause
    throw new RequestError('unreachable', `${peer} can't be reached or does not answer ${protocol}`, { cause })
  }
}

function decodeAnswer(answer: Uint8Array, maxResponseBytes: number): Uint8Array | undefined {
  const payload = answer.subarray(1)
  switch (answer[0]) {
    case ANSWER.found:
      if (payload.length > maxResponseBytes)
        throw new RequestError('too-long', `an answer of ${payload.length} bytes, ${maxResponseBytes} allowed`)
      return payload
    case ANSWER.notFound:
      if (payload.length > 0) throw new RequestError('malformed', 'bytes after "not found"')
      return undefined
    case ANSWER.error:
      throw new RequestError('remote', `the peer answered with the error "${printable(payload)}"`)
    default:
      throw new RequestError('malformed', 'an answer of no known kind')
  }
}

/** What another node sends ends up in a log line: letters, digits and dashes only. */
function printable(payload: Uint8Array): string {
  return String.fromCharCode(...payload.subarray(0, ERROR_CODE_BYTES)).replaceAll(/[^a-zA-Z0-9-]/g, '?')
}

function errorFrame(code: string): Uint8Array[] {
  return [Uint8Array.of(ANSWER.error), new TextEncoder().encode(code).subarray(0, ERROR_CODE_BYTES)]
}

/** A signal that ends with any of `signals` or after `ms`; `clear` leaves neither timer nor listener behind. */
function deadline(ms: number, signals: readonly AbortSignal[]): { signal: AbortSignal; clear(): void } {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new RequestError('timeout', `no answer within ${ms} ms`)), ms)
  const listeners = signals.map((signal) => {
    const onAbort = () => controller.abort(signal.reason)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    return () => signal.removeEventListener('abort', onAbort)
  })
  const clear = () => {
    clearTimeout(timer)
    for (const remove of listeners) remove()
  }
  return { signal: controller.signal, clear }
}

/** The work's result, or the signal's reason as soon as it aborts: a handler that ignores its signal holds nothing up. */
function race<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

function requestErrorOf(error: unknown, limit: AbortSignal | undefined, stopped: AbortSignal): RequestError {
  if (error instanceof RequestError) return error
  if (stopped.aborted) return new RequestError('stopped', 'the mesh is stopping', { cause: error })
  if (limit?.aborted) {
    if (limit.reason instanceof RequestError) return limit.reason
    return new RequestError('aborted', 'the request was given up', { cause: limit.reason })
  }
  return new RequestError('reset', 'the stream broke', { cause: error })
}
