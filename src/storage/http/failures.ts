/** Errors of sockets, TLS and the HTTP parser as closed codes. */
import { HttpFailure, type HttpFailureCode } from '../../core/ports/http.ts'

const CODES: Record<string, HttpFailureCode> = {
  EAI_AGAIN: 'dns-failure',
  ENOTFOUND: 'dns-failure',
  ECONNREFUSED: 'connect-refused',
  EHOSTUNREACH: 'connect-refused',
  ENETUNREACH: 'connect-refused',
  EADDRNOTAVAIL: 'connect-refused',
  ETIMEDOUT: 'connect-timeout',
  ECONNRESET: 'connection-reset',
  ECONNABORTED: 'connection-reset',
  EPIPE: 'connection-reset',
  ERR_STREAM_PREMATURE_CLOSE: 'connection-reset',
}

/** What is neither known nor recognisable is not hidden: it is passed on as it is. */
export function failureOf(error: unknown): unknown {
  if (error instanceof HttpFailure || !(error instanceof Error)) return error
  const code = String((error as { code?: unknown }).code ?? '')
  const known =
    CODES[code] ??
    (code.startsWith('HPE_') ? 'malformed-response' : undefined) ??
    (/^(?:ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|HOSTNAME_MISMATCH)/.test(code)
      ? 'tls-failure'
      : undefined)
  return known ? new HttpFailure(known, `${known}: ${error.message}`, { cause: error }) : error
}
