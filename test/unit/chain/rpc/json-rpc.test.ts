/** The JSON-RPC client against a server that answers in every wrong way. */
import assert from 'node:assert/strict'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import { ChainError } from '../../../../src/chain/errors.ts'
import { createRpcEndpoint, RpcResponseError } from '../../../../src/chain/rpc/json-rpc.ts'

const code = (expected: string) => (error: unknown) => error instanceof ChainError && error.code === expected

describe('createRpcEndpoint', () => {
  const servers: Server[] = []
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })
  const never = new AbortController().signal
  const serve = async (listener: RequestListener) => {
    const server = createServer(listener)
    servers.push(server)
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-api-key`
  }
  const answering = async (status: number, body: string, maxResponseBytes?: number) => {
    const url = await serve((_request, response) => void response.writeHead(status).end(body))
    return createRpcEndpoint({ url, timeoutMs: 2_000, ...(maxResponseBytes && { maxResponseBytes }) })
  }
  const ask = async (status: number, body: string, maxResponseBytes?: number) =>
    (await answering(status, body, maxResponseBytes)).request('eth_chainId', [], never)

  it('default', async () => {
    let sent = ''
    const url = await serve((request, response) => {
      request.on('data', (chunk) => {
        sent += chunk
      })
      request.on('end', () => response.end('{"jsonrpc":"2.0","id":1,"result":"0x1"}'))
    })
    const endpoint = createRpcEndpoint({ url, timeoutMs: 2_000 })
    assert.equal(await endpoint.request('eth_call', [{ to: '0x' }], never), '0x1')
    assert.deepEqual(JSON.parse(sent), { jsonrpc: '2.0', id: 1, method: 'eth_call', params: [{ to: '0x' }] })
    assert.doesNotMatch(endpoint.label, /secret/)
  })

  it('error: answers that are none', async () => {
    await assert.rejects(ask(200, 'hello'), code('rpc-malformed'))
    await assert.rejects(ask(200, '7'), code('rpc-malformed'))
    await assert.rejects(ask(200, '{}'), code('rpc-malformed'))
    await assert.rejects(ask(200, `{"result":"${'x'.repeat(200)}"}`, 100), code('rpc-malformed'))
    await assert.rejects(ask(502, '<html>'), code('rpc-unreachable'))
    await assert.rejects(ask(429, '{}'), code('rpc-throttled'))
    await assert.rejects(ask(200, '{"error":{"code":-32005,"message":"rate limit"}}'), code('rpc-throttled'))
  })

  it('error: the endpoint’s own error is kept, with its data', async () => {
    await assert.rejects(ask(200, '{"error":{"code":3,"message":"execution reverted","data":"0x01"}}'), (error) => {
      assert.ok(code('rpc-error')(error))
      const { cause } = error as ChainError
      return cause instanceof RpcResponseError && cause.rpcCode === 3 && cause.data === '0x01'
    })
  })

  it('error: nobody there, and nobody answers; no message has the key of the URL', async () => {
    const url = await serve(() => {})
    const slow = createRpcEndpoint({ url, timeoutMs: 50 })
    await assert.rejects(slow.request('eth_chainId', [], never), code('rpc-timeout'))
    const gone = createRpcEndpoint({ url: 'http://127.0.0.1:1/secret-api-key', timeoutMs: 2_000 })
    await assert.rejects(
      gone.request('eth_chainId', [], never),
      (error) => code('rpc-unreachable')(error) && !(error as Error).message.includes('secret'),
    )
  })

  it('error: the signal’s reason', async () => {
    const abort = new AbortController()
    const url = await serve(() => abort.abort(new Error('enough')))
    const endpoint = createRpcEndpoint({ url, timeoutMs: 2_000 })
    await assert.rejects(endpoint.request('eth_chainId', [], abort.signal), /enough/)
    await assert.rejects(endpoint.request('eth_chainId', [], abort.signal), /enough/)
  })

  it('error: a redirect is not followed', async () => {
    const url = await serve((_request, response) => void response.writeHead(302, { location: 'http://[::1]/' }).end())
    const endpoint = createRpcEndpoint({ url, timeoutMs: 2_000 })
    await assert.rejects(endpoint.request('eth_chainId', [], never), code('rpc-unreachable'))
  })
})
