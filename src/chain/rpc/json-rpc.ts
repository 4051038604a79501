/**
 * One JSON-RPC endpoint over HTTP. Own client instead of viem's: no hidden cache of block numbers, no silent retries, an
 * answer of bounded size, every failure a closed code. The URL may hold an API key: errors name the host only.
 */
import { ChainError } from '../errors.ts'

export interface RpcEndpoint {
  /** Host and port, for logs and metrics. */
  readonly label: string
  request(method: string, params: readonly unknown[], signal: AbortSignal): Promise<unknown>
}

export interface RpcEndpointOptions {
  url: string
  timeoutMs: number
  /** Default 64 MiB: the logs of a busy range. */
  maxResponseBytes?: number
}

/** What a JSON-RPC error object said; the cause of an `rpc-error`. */
export class RpcResponseError extends Error {
  override readonly name = 'RpcResponseError'
  readonly rpcCode: number
  readonly data: unknown

  constructor(rpcCode: number, message: string, data: unknown) {
    super(message)
    this.rpcCode = rpcCode
    this.data = data
  }
}

const MAX_RESPONSE_BYTES = 64 << 20
/** JSON-RPC's code for "limit exceeded". */
const LIMIT_EXCEEDED = -32005

export function createRpcEndpoint({
  url,
  timeoutMs,
  maxResponseBytes = MAX_RESPONSE_BYTES,
}: RpcEndpointOptions): RpcEndpoint {
  const label = new URL(url).host
  let id = 0
  return {
    label,
    async request(method, params, signal) {
      signal.throwIfAborted()
      const body = JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params })
      const timeout = AbortSignal.timeout(timeoutMs)
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
          redirect: 'error',
          signal: AbortSignal.any([signal, timeout]),
        })
        const text = await readBounded(response, maxResponseBytes, label)
        return parse(text, response.status, method, label)
      } catch (cause) {
        signal.throwIfAborted()
        if (cause instanceof ChainError) throw cause
        if (timeout.aborted)
          throw new ChainError('rpc-timeout', `${label} did not answer ${method} within ${timeoutMs} ms`, { cause })
        throw new ChainError('rpc-unreachable', `${label} can't be reached; check the RPC address and the network`, {
          cause,
        })
      }
    },
  }
}

async function readBounded(response: Response, maxBytes: number, label: string): Promise<string> {
  if (response.body === null) return ''
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body) {
    length += chunk.length
    if (length > maxBytes) throw new ChainError('rpc-malformed', `${label} answered with more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length).toString('utf8')
}

function parse(text: string, status: number, method: string, label: string): unknown {
  if (status === 429) throw new ChainError('rpc-throttled', `${label} asks for fewer requests`)
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch (cause) {
    // A gateway's error page in front of a node that is down.
    if (status >= 500) throw new ChainError('rpc-unreachable', `${label} answered with HTTP ${status}`)
    throw new ChainError('rpc-malformed', `${label} answered ${method} with something else than JSON`, { cause })
  }
  if (typeof answer !== 'object' || answer === null)
    throw new ChainError('rpc-malformed', `${label} answered ${method} without a result`)
  if ('error' in answer && answer.error) throw responseError(answer.error, method, label)
  if (!('result' in answer)) throw new ChainError('rpc-malformed', `${label} answered ${method} without a result`)
  return answer.result
}

function responseError(error: unknown, method: string, label: string): ChainError {
  const { code, message, data } = error as { code?: unknown; message?: unknown; data?: unknown }
  const text = typeof message === 'string' ? message.slice(0, 500) : 'no message'
  const cause = new RpcResponseError(typeof code === 'number' ? code : 0, text, data)
  if (code === LIMIT_EXCEEDED && /rate|throttl|too many requests/i.test(text))
    return new ChainError('rpc-throttled', `${label} asks for fewer requests`, { cause })
  return new ChainError('rpc-error', `${label} refused ${method}: ${text}`, { cause })
}
