/** Sending answers: objects with back-pressure, errors as S3's XML, refused bodies drained within bounds. */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { S3Error } from './errors.ts'
import { LIMITS } from './limits.ts'
import type { S3Reply } from './operation.ts'
import { renderErrorXml } from './xml.ts'

/** @throws what the body throws before its first byte was sent; later failures cut the connection. */
export async function sendReply(message: IncomingMessage, response: ServerResponse, reply: S3Reply): Promise<void> {
  const headers = { 'x-amz-request-id': requestId(), ...reply.headers }
  const { body } = reply
  if (typeof body === 'string' || body === undefined || message.method === 'HEAD') {
    const bytes = Buffer.from(typeof body === 'string' ? body : '')
    const length = reply.status === 204 || reply.status === 304 ? {} : { 'content-length': String(bytes.length) }
    response.writeHead(reply.status, { ...length, ...headers })
    response.end(bytes)
    return
  }
  // The first chunk before the header: a store that fails at once can still be answered with an error.
  const iterator = body[Symbol.asyncIterator]()
  const first = await iterator.next()
  response.writeHead(reply.status, headers)
  if (first.done) {
    response.end()
    return
  }
  try {
    await pipeline(Readable.from(withFirst(first.value, iterator), { objectMode: false, highWaterMark: 1 }), response)
  } catch {
    // The length is announced: a cut connection tells the client that this is not the whole object.
    response.destroy()
  }
}

/** @param bodyHeld the client waits for leave to send its body, so there is nothing to drain. */
export async function sendError(
  message: IncomingMessage,
  response: ServerResponse,
  error: S3Error,
  bodyHeld: boolean,
): Promise<void> {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const RequestId = requestId()
  const document = renderErrorXml({ Code: error.code, Message: error.message, RequestId })
  const body = Buffer.from(message.method === 'HEAD' ? '' : document)
  // What is left of a refused body must not be taken for the next request.
  const unread = !message.complete && hasBody(message)
  response.writeHead(error.status, {
    'content-type': 'application/xml',
    'content-length': String(body.length),
    'x-amz-request-id': RequestId,
    ...(unread && { connection: 'close' }),
  })
  response.end(body)
  if (unread && !bodyHeld) await drain(message)
}

function hasBody(message: IncomingMessage): boolean {
  return Number(message.headers['content-length'] ?? 0) > 0 || message.headers['transfer-encoding'] !== undefined
}

/** Closing a socket with unread bytes resets it, and the client loses the answer; so a bounded rest is read first. */
async function drain(message: IncomingMessage): Promise<void> {
  let bytes = 0
  try {
    for await (const chunk of message) {
      bytes += (chunk as Uint8Array).length
      if (bytes > LIMITS.drainBytes) break
    }
  } catch {
    // The client is gone: nothing left to be polite about.
  }
  message.socket.destroySoon()
}

async function* withFirst(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield first
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}

function requestId(): string {
  return randomBytes(8).toString('hex').toUpperCase()
}
