/**
 * `HttpClient` on node:http and node:https, pinned to checked addresses: a connection of its own for each request, as
 * probes need it, or connections that are used again, as transfers want them.
 */
import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { type HttpClient, HttpFailure, type HttpRequest, type HttpResponse } from '../../core/ports/http.ts'
import { heldBody } from '../held-body.ts'
import { failureOf } from './failures.ts'
import { Limits } from './limits.ts'
import { PhaseClock } from './phase-clock.ts'
import { type Lookup, type Resolved, resolveChecked, systemLookup } from './resolve.ts'
import { splitUrl, type UrlParts } from './split-url.ts'

export interface HttpClientOptions {
  /** Loopback, private and special addresses are allowed: for a devnet only. @default false */
  allowPrivate?: boolean
  /** DNS, TCP and TLS together. @default 10,000 ms */
  connectMs?: number
  /** Without a byte in either direction. @default 10,000 ms */
  idleMs?: number
  /** All of it. @default 60,000 ms */
  totalMs?: number
  /**
   * Idle connections that are kept for further requests to the same address. 0: each request has a fresh one.
   * @default 0
   */
  keepConnections?: number
  /** PEM of further certificate authorities. */
  ca?: string
  lookup?: Lookup
}

const MAX_HEADER_BYTES = 16_384

/** An idle connection is closed after so long; servers close theirs after 5 s and more. */
const KEEP_MS = 4000

type Agents = { http: HttpAgent | false; https: HttpsAgent | false }

export function createHttpClient(options: HttpClientOptions = {}): HttpClient & { close(): void } {
  const settings = { allowPrivate: false, connectMs: 10_000, idleMs: 10_000, totalMs: 60_000, ...options }
  const agents = createAgents(options.keepConnections ?? 0)
  return {
    close() {
      if (agents.http) agents.http.destroy()
      if (agents.https) agents.https.destroy()
    },
    async request(request) {
      request.signal?.throwIfAborted()
      const parts = splitUrl(request.url)
      if (!parts) throw new HttpFailure('malformed-response', 'not a usable http or https URL')
      const phases = new PhaseClock()
      const limits = new Limits({ ...settings, totalMs: request.totalMs ?? settings.totalMs }, request)
      try {
        const lookup = resolveChecked(parts.host, settings.lookup ?? systemLookup, settings.allowPrivate)
        const resolved = await limits.race(lookup)
        phases.mark('resolved')
        const sent = open(parts, resolved, request, agents, settings.ca)
        return await exchange(sent, request, phases, limits)
      } catch (error) {
        limits.stop()
        throw limits.reason ?? failureOf(error)
      }
    },
  }
}

function createAgents(keep: number): Agents {
  if (keep === 0) return { http: false, https: false }
  const options = { keepAlive: true, maxFreeSockets: keep, timeout: KEEP_MS }
  return { http: new HttpAgent(options), https: new HttpsAgent(options) }
}

function open(
  { secure, host, port, path }: UrlParts,
  resolved: Resolved,
  request: HttpRequest,
  agents: Agents,
  ca?: string,
): ClientRequest {
  const standard = port === (secure ? 443 : 80)
  const name = host.includes(':') ? `[${host}]` : host
  return (secure ? httpsRequest : httpRequest)({
    // The address and not the name: nothing is looked up again.
    host: resolved.address,
    family: resolved.family,
    port,
    path,
    method: request.method,
    headers: { ...request.headers, host: standard ? name : `${name}:${port}` },
    // A name for the certificate; addresses are not allowed in SNI.
    ...(secure && { servername: /^[\d.]+$|:/.test(host) ? '' : host, ...(ca !== undefined && { ca }) }),
    agent: secure ? agents.https : agents.http,
    maxHeaderSize: MAX_HEADER_BYTES,
  })
}

async function exchange(
  sent: ClientRequest,
  request: HttpRequest,
  phases: PhaseClock,
  limits: Limits,
): Promise<HttpResponse> {
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve)
    sent.on('error', reject)
  })
  // Whoever stops waiting first must not leave a rejection behind.
  answered.catch(() => {})
  limits.watch(sent)
  sent.once('socket', (socket) => {
    if (!socket.connecting) {
      phases.mark('connected')
      return
    }
    socket.once('connect', () => phases.mark('connected'))
    socket.once('secureConnect', () => phases.mark('secured'))
  })
  sent.once('finish', () => phases.mark('sent'))
  const uploaded = upload(sent, request.body)
  // A body that fails ends the wait for the answer; one that the server did not want does not.
  const response = await limits.race(Promise.race([answered, uploaded.then(() => answered)]))
  phases.mark('headers')
  return {
    status: response.statusCode ?? 0,
    headers: flatten(response),
    // After a whole exchange the connection is no longer this request's to close.
    body: heldBody(read(response, phases, limits), () =>
      exchanged(response, sent) ? limits.release() : limits.stop(),
    ),
    timings: () => phases.timings(),
  }
}

function exchanged(response: IncomingMessage, sent: ClientRequest): boolean {
  return response.complete && response.readableEnded && sent.writableFinished
}

async function upload(sent: ClientRequest, body: AsyncIterable<Uint8Array> | undefined): Promise<void> {
  if (!body) {
    sent.end()
    return
  }
  const stream = Readable.from(body, { objectMode: false })
  await new Promise<void>((resolve, reject) => {
    stream.once('error', (error) => {
      sent.destroy()
      reject(error)
    })
    sent.once('close', () => {
      stream.destroy()
      resolve()
    })
    stream.pipe(sent)
  })
}

async function* read(response: IncomingMessage, phases: PhaseClock, limits: Limits): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response) {
      phases.mark('first')
      phases.touch('last')
      yield chunk as Uint8Array
      if (limits.reason) break
    }
  } catch (error) {
    throw limits.reason ?? failureOf(error)
  }
  if (limits.reason) throw limits.reason
  if (!response.complete) throw new HttpFailure('connection-reset', 'the answer broke off')
}

function flatten(response: IncomingMessage): Record<string, string> {
  const entries = Object.entries(response.headers)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  )
}
