/**
 * An S3 endpoint on raw node:http over any `ObjectStore`s: a disk unit's own endpoint, and the consumer's gateway. Each
 * request is parsed, routed, authenticated, authorised, and only then is its body read.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../../core/ports/clock.ts'
import { type Logger, silentLogger } from '../../core/ports/logger.ts'
import { type Metrics, noMetrics } from '../../core/ports/metrics.ts'
import type { ObjectStore } from '../../core/ports/storage.ts'
import { authenticate } from './authenticate.ts'
import type { CredentialLookup, S3Access } from './credentials.ts'
import { S3Error, toS3Error } from './errors.ts'
import { LIMITS } from './limits.ts'
import type { S3Call } from './operation.ts'
import { payloadOf } from './payload.ts'
import { bodyLength, parseRequest, queryValue, type S3Request } from './request.ts'
import { sendError, sendReply } from './respond.ts'
import { routeOf } from './router.ts'

export interface S3ServerOptions {
  /** The store behind each bucket. */
  buckets: ReadonlyMap<string, ObjectStore>
  credentials: CredentialLookup
  clock: Pick<Clock, 'now'>
  /** @default 127.0.0.1 */
  host?: string
  /** @default 0: any free port */
  port?: number
  /** Also serve `bucket.domain`. */
  domain?: string
  /** @default LIMITS.idleMs */
  idleMs?: number
  logger?: Logger
  metrics?: Metrics
}

export interface S3Server {
  /** Origin, without a slash at the end. */
  readonly url: string
  /** Refuses new requests, ends those that run, frees the port. */
  close(): Promise<void>
}

/** @throws when the address can't be bound (`EADDRINUSE` and its like are node's own errors). */
export async function startS3Server(options: S3ServerOptions): Promise<S3Server> {
  const shutdown = new AbortController()
  const serve = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean) => {
    // Never rejects: every failure is an answer or, when none can be sent any more, a closed connection.
    void handle(options, request, response, expectsContinue, shutdown.signal)
  }
  const server = createServer({
    maxHeaderSize: LIMITS.headerBytes + LIMITS.urlBytes,
    headersTimeout: LIMITS.headersMs,
    // Uploads take as long as they take; what stands still is ended by the idle time-out.
    requestTimeout: 0,
    keepAliveTimeout: 5000,
    connectionsCheckingInterval: 5000,
  })
  server.maxConnections = LIMITS.connections
  server.setTimeout(options.idleMs ?? LIMITS.idleMs)
  server.on('request', (request, response) => serve(request, response, false))
  server.on('checkContinue', (request, response) => serve(request, response, true))
  await listen(server, options.port ?? 0, options.host ?? '127.0.0.1')
  const { address, port, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      shutdown.abort(new S3Error('SlowDown', 'the server is shutting down'))
      server.closeAllConnections()
      await closed
    },
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function handle(
  options: S3ServerOptions,
  message: IncomingMessage,
  response: ServerResponse,
  expectsContinue: boolean,
  shutdown: AbortSignal,
): Promise<void> {
  const gone = new AbortController()
  // 'close' without 'finish': the client went away; nobody will read what the store still sends.
  response.once('close', () => response.writableFinished || gone.abort(new S3Error('SlowDown', 'the client is gone')))
  const signal = AbortSignal.any([gone.signal, shutdown])
  const { logger = silentLogger, metrics = noMetrics, clock } = options
  const startedMs = clock.now()
  const log = { operation: 'unknown', status: 0 }
  // A client that asked (Expect: 100-continue) sends its body only when told to.
  const body = { held: expectsContinue }
  try {
    const request = parseRequest(message, options.domain)
    const route = routeOf(request)
    log.operation = route.name
    const source = () => {
      if (body.held) response.writeContinue()
      body.held = false
      return message
    }
    const reply = await route.handler(await authorize(options, request, route.right, { signal, source }))
    log.status = reply.status
    await sendReply(message, response, reply)
  } catch (error) {
    const refused = toS3Error(error)
    log.status = refused.status
    if (refused.code === 'InternalError' && !signal.aborted)
      logger.error('S3 request failed', { operation: log.operation, reason: String(refused.cause) })
    await sendError(message, response, refused, body.held)
  }
  const labels = { operation: log.operation, status: String(log.status) }
  metrics.count('s3_requests_total', labels)
  metrics.observe('s3_request_duration_ms', clock.now() - startedMs, labels)
}

async function authorize(
  options: S3ServerOptions,
  request: S3Request,
  right: S3Access['operation'],
  io: Pick<S3Call, 'signal' | 'source'>,
): Promise<S3Call> {
  const identity = await authenticate(request, options.credentials, options.clock.now())
  const { credential } = identity
  const demand = (access: S3Access): ObjectStore | undefined => {
    if (!credential.allows(access)) throw new S3Error('AccessDenied', 'these credentials do not reach so far')
    return options.buckets.get(access.bucket)
  }
  const storeOf = (access: S3Access): ObjectStore => {
    const store = demand(access)
    if (!store) throw new S3Error('NoSuchBucket', 'there is no such bucket')
    return store
  }
  const call: Omit<S3Call, 'store'> = {
    ...io,
    request,
    accessKeyId: identity.accessKeyId,
    payload: (maxBytes) => payloadOf(request, identity, maxBytes),
    storeToRead: (bucket, key) => storeOf({ operation: 'read', bucket, key }),
    buckets: () =>
      [...options.buckets.keys()].filter((bucket) => credential.allows({ operation: 'list', bucket, key: '' })).sort(),
  }
  if (request.bucket === '')
    return {
      ...call,
      get store(): ObjectStore {
        throw new S3Error('InvalidRequest', 'this operation names no bucket')
      },
    }
  const { bucket } = request
  const key = request.key === '' ? (right === 'list' ? (queryValue(request, 'prefix') ?? '') : undefined) : request.key
  const bytes = right === 'write' && request.method === 'PUT' ? announcedBytes(request) : undefined
  return { ...call, store: storeOf({ operation: right, bucket, key, ...(bytes !== undefined && { bytes }) }) }
}

/** Of a copy nothing is announced; its length is checked by the store. */
function announcedBytes(request: S3Request): number | undefined {
  if (request.headers.has('x-amz-copy-source')) return undefined
  const streaming = request.headers.has('x-amz-decoded-content-length')
  return bodyLength(request, streaming ? 'x-amz-decoded-content-length' : 'content-length')
}
