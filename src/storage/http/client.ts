/** `HttpClient` on node:http and node:https: a connection of its own for each request, pinned to a checked address. */
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
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
  /** PEM of further certificate authorities. */
  ca?: string
  lookup?: Lookup
}

const MAX_HEADER_BYTES = 16_384

export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const settings = { allowPrivate: false, connectMs: 10_000, idleMs: 10_000, totalMs: 60_000, ...options }
  return {
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
        const sent = open(parts, resolved, request, settings.ca)
        return await exchange(sent, request, phases, limits)
      } catch (error) {
        limits.stop()
        throw limits.reason ?? failureOf(error)
      }
    },
  }
}

function open(
  { secure, host, port, path }: UrlParts,
  resolved: Resolved,
  request: HttpRequest,
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
    agent: false,
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
    body: heldBody(read(response, phases, limits), () => {
      limits.stop()
      sent.destroy()
    }),
    timings: () => phases.timings(),
  }
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
