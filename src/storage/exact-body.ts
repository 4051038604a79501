/** A body held to its announced length, as the stream that vendors' SDKs take. */
import { Readable } from 'node:stream'
import { checkLength } from './keys.ts'

/**
 * Runs `send` with a stream that fails before its end when the body is too short and before the surplus when it is too
 * long. The SDKs do not notice a failed body (they wait for the server to give up), so the request is aborted with it:
 * no server commits a body shorter than its Content-Length.
 * @throws what the body threw, or what `send` threw.
 */
export async function sendExactly<T>(
  body: AsyncIterable<Uint8Array>,
  bytes: number,
  signal: AbortSignal | undefined,
  send: (stream: Readable, abortSignal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const broken = new AbortController()
  const stream = Readable.from(counted(body, bytes, signal), { objectMode: false })
  stream.once('error', (error) => broken.abort(error))
  try {
    return await send(stream, signal ? AbortSignal.any([signal, broken.signal]) : broken.signal)
  } catch (error) {
    throw stream.errored ?? error
  } finally {
    stream.destroy()
  }
}

async function* counted(body: AsyncIterable<Uint8Array>, bytes: number, signal?: AbortSignal) {
  let seen = 0
  for await (const chunk of body) {
    signal?.throwIfAborted()
    seen += chunk.length
    if (seen > bytes) checkLength(bytes, seen)
    yield chunk
  }
  checkLength(bytes, seen)
}
