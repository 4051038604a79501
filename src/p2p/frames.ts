/**
 * One request and one answer on a stream of their own: an unsigned varint length, then that many bytes, then end of
 * stream. An answer's first byte says what it is (docs/mesh.md 3). Anything else resets the stream.
 */
import type { Stream } from '@libp2p/interface'
import { RequestError } from './errors.ts'

/** Nothing here is longer than 2^28 − 1 bytes, so that four bytes of length are enough. */
const MAX_LENGTH_BYTES = 4
/** Bytes handed to the stream before asking whether it still takes more. */
const WRITE_CHUNK_BYTES = 1 << 16

export const ANSWER = { found: 0, notFound: 1, error: 2 } as const

export function encodeLength(length: number): Uint8Array {
  const bytes: number[] = []
  for (let rest = length; ; rest >>>= 7) {
    if (rest < 0x80) {
      bytes.push(rest)
      return Uint8Array.from(bytes)
    }
    bytes.push((rest & 0x7f) | 0x80)
  }
}

/**
 * @returns the length and how many bytes it took; `undefined` when more bytes are needed.
 * @throws {RequestError} `malformed` on more than four bytes or a form longer than necessary.
 */
export function decodeLength(bytes: Uint8Array): { length: number; size: number } | undefined {
  let length = 0
  for (let i = 0; i < MAX_LENGTH_BYTES; i++) {
    const byte = bytes[i]
    if (byte === undefined) return undefined
    length |= (byte & 0x7f) << (7 * i)
    if (byte < 0x80) {
      if (byte === 0 && i > 0) throw new RequestError('malformed', 'the length of a frame has a shorter form')
      return { length, size: i + 1 }
    }
  }
  throw new RequestError('malformed', 'the length of a frame is longer than four bytes')
}

/** Assembles one frame from chunks; holds what arrived, at most twice over, whatever length was announced. */
export interface FrameReader {
  /** @returns the payload once complete. @throws {RequestError} `too-long`, or `malformed` when bytes follow the frame. */
  push(chunk: Uint8Array): Uint8Array | undefined
}

const FIRST_BUFFER_BYTES = 4_096

export function createFrameReader(maxBytes: number): FrameReader {
  let head: Uint8Array = new Uint8Array(0)
  let length: number | undefined
  let buffer: Uint8Array = new Uint8Array(0)
  let filled = 0
  const fill = (chunk: Uint8Array, expected: number): Uint8Array | undefined => {
    const total = filled + chunk.length
    if (total > expected) throw new RequestError('malformed', 'bytes follow the frame')
    if (total > buffer.length) {
      const grown = new Uint8Array(Math.min(expected, Math.max(total, 2 * buffer.length, FIRST_BUFFER_BYTES)))
      grown.set(buffer.subarray(0, filled))
      buffer = grown
    }
    buffer.set(chunk, filled)
    filled = total
    return filled === expected ? buffer.subarray(0, expected) : undefined
  }
  return {
    push(chunk) {
      if (length !== undefined) return fill(chunk, length)
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk])
      const prefix = decodeLength(head)
      if (prefix === undefined) return undefined
      if (prefix.length > maxBytes)
        throw new RequestError('too-long', `a frame of ${prefix.length} bytes, ${maxBytes} allowed`)
      length = prefix.length
      return fill(head.subarray(prefix.size), length)
    },
  }
}

/** @throws {RequestError} also when the stream ends early; the caller resets the stream then. */
export function readFrame(stream: Stream, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const reader = createFrameReader(maxBytes)
    const onMessage = (event: { data: Uint8Array | { subarray(): Uint8Array } }) => {
      try {
        const complete = reader.push(event.data.subarray())
        if (complete !== undefined) finish(() => resolve(complete))
      } catch (error) {
        finish(() => reject(error))
      }
    }
    const onEnd = (event: Event & { error?: Error }) =>
      finish(() => reject(new RequestError('reset', 'the stream ended before the frame did', { cause: event.error })))
    const onAbort = () => finish(() => reject(signal.reason))
    const finish = (settle: () => void) => {
      stream.removeEventListener('message', onMessage)
      stream.removeEventListener('close', onEnd)
      stream.removeEventListener('end', onEnd)
      signal.removeEventListener('abort', onAbort)
      settle()
    }
    if (signal.aborted) return reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    stream.addEventListener('close', onEnd)
    stream.addEventListener('end', onEnd)
    stream.addEventListener('message', onMessage)
    if (stream.readableEnded) onEnd(new Event('end'))
  })
}

/** Sends the frame and closes our end. A reader that does not read makes this wait, until the signal ends it. */
export async function writeFrame(stream: Stream, parts: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  for (const part of [encodeLength(length), ...parts]) {
    for (let at = 0; at < part.length; at += WRITE_CHUNK_BYTES) {
      signal.throwIfAborted()
      if (!stream.send(part.subarray(at, at + WRITE_CHUNK_BYTES))) await stream.onDrain({ signal })
    }
  }
  await stream.close({ signal })
}
