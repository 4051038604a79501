/**
 * A proxy between a backend and everyone who talks to it, its provider included: it answers late, loses objects or is off,
 * as it is told by messages. Requests pass through as they are, so that signatures hold.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

export interface ProxyMode {
  /** Before each answer's first byte. */
  latencyMs: number
  /** Objects that are read or looked up are not there. */
  lossy: boolean
  /** Connections are refused. */
  down: boolean
}

export type ProxyMessage = { type: 'start'; port: number; target: string } | { type: 'mode'; mode: ProxyMode }

let mode: ProxyMode = { latencyMs: 0, lossy: false, down: false }
let target = new URL('http://127.0.0.1')

const NOT_FOUND = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code></Error>'

/** A key, and not the bucket itself. */
const namesObject = (path: string) => /^\/[^/?]+\/[^?]/.test(path)

async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  if (mode.latencyMs > 0) await pause(mode.latencyMs)
  if (mode.lossy && /^(GET|HEAD)$/.test(incoming.method ?? '') && namesObject(incoming.url ?? '/')) {
    incoming.resume()
    outgoing.writeHead(404, { 'content-type': 'application/xml' }).end(incoming.method === 'HEAD' ? '' : NOT_FOUND)
    return
  }
  const onward = request(
    {
      host: target.hostname,
      port: target.port,
      method: incoming.method,
      path: incoming.url,
      headers: incoming.headers,
    },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    },
  )
  onward.on('error', () => outgoing.destroy())
  outgoing.on('close', () => onward.destroy())
  incoming.pipe(onward)
}

const server = createServer((incoming, outgoing) => void pass(incoming, outgoing).catch(() => outgoing.destroy()))
// Presigned writes are sent with Expect by some clients: the backend decides, not the proxy.
server.on('checkContinue', (incoming, outgoing) => {
  outgoing.writeContinue()
  void pass(incoming, outgoing).catch(() => outgoing.destroy())
})

let port = 0
process.on('message', (message: ProxyMessage) => {
  if (message.type === 'start') {
    target = new URL(message.target)
    port = message.port
    server.listen(port, '127.0.0.1', () => process.send!({ type: 'ready', url: `http://127.0.0.1:${port}` }))
    return
  }
  const before = mode
  mode = message.mode
  if (mode.down && !before.down) {
    server.close()
    server.closeAllConnections()
  }
  if (!mode.down && before.down) server.listen(port, '127.0.0.1')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(0))
process.on('disconnect', () => process.exit(0))
