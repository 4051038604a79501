/** One HTTP exchange with a backend that is not trusted, as probers and consumers need it: bounded in time, bytes and reach. */
import { LightmeshError } from '../errors.ts'

export type HttpFailureCode =
  | 'address-refused'
  | 'byte-ceiling'
  | 'connect-refused'
  | 'connect-timeout'
  | 'connection-reset'
  | 'dns-failure'
  | 'idle-timeout'
  | 'malformed-response'
  | 'tls-failure'
  | 'total-timeout'

/** No usable answer came. An answer with an error status is an answer. */
export class HttpFailure extends LightmeshError<HttpFailureCode> {
  override readonly name = 'HttpFailure'
}

export interface HttpRequest {
  method: string
  /** http or https. The path is sent as it stands, dot segments included. */
  url: string
  /** Lower-case names. */
  headers?: Readonly<Record<string, string>>
  /** Its length is in the headers' content-length. */
  body?: AsyncIterable<Uint8Array>
  /** Bytes of the answer on the wire, headers included. */
  maxResponseBytes: number
  /** @default the client's */
  totalMs?: number
  signal?: AbortSignal
}

/** Milliseconds, fractions included; each phase alone. */
export interface HttpTimings {
  dnsMs: number
  connectMs: number
  /** 0 for http. */
  tlsMs: number
  /** Connection ready → request sent. */
  sendMs: number
  /** Request sent → first byte of the body (of the answer, when it has no body). */
  ttfbMs: number
  /** First byte → last byte of the body. */
  transferMs: number
}

export interface HttpResponse {
  status: number
  /** Lower-case names; repeated ones joined by `, `. */
  headers: Readonly<Record<string, string>>
  /** Must be read to the end or returned early; either closes the connection. Throws `HttpFailure`. */
  body: AsyncIterableIterator<Uint8Array>
  /** Complete once the body was read. */
  timings(): HttpTimings
}

export interface HttpClient {
  /**
   * Redirects are answers, never followed.
   * @throws {HttpFailure}, or the signal's reason, or what the request's body throws.
   */
  request(request: HttpRequest): Promise<HttpResponse>
}
