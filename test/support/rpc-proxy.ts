/** A JSON-RPC endpoint in front of another, that can be told to be down, behind, slow to a method, or to lie. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Call {
  id: number
  method: string
  params: unknown[]
}

/** `undefined` passes the call on; anything else is the answer's result. */
export type Intercept = (call: Call, forward: (call: Call) => Promise<unknown>) => Promise<unknown> | undefined

export interface RpcProxy extends AsyncDisposable {
  readonly url: string
  /** Calls seen, by method. */
  readonly calls: Map<string, number>
  intercept: Intercept
  /** Answers with this HTTP status and no JSON while set. */
  down: number | undefined
}

export async function startRpcProxy(target: string): Promise<RpcProxy> {
  const calls = new Map<string, number>()
  const forward = async (call: Call): Promise<unknown> => {
    const response = await fetch(target, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', ...call }),
    })
    const { result, error } = (await response.json()) as { result?: unknown; error?: unknown }
    if (error !== undefined) throw error
    return result
  }
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (proxy.down !== undefined) {
      response.writeHead(proxy.down).end('no')
      return
    }
    const call = JSON.parse(Buffer.concat(chunks).toString()) as Call
    calls.set(call.method, (calls.get(call.method) ?? 0) + 1)
    try {
      const result = await (proxy.intercept(call, forward) ?? forward(call))
      response.end(JSON.stringify({ jsonrpc: '2.0', id: call.id, result: result ?? null }))
    } catch (error) {
      response.end(JSON.stringify({ jsonrpc: '2.0', id: call.id, error }))
    }
  }
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const proxy: RpcProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    intercept: () => undefined,
    down: undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return proxy
}
