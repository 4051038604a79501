/** What every store accepts as a key and a body, whatever its backend. */
import { MAX_KEY_BYTES, StorageError } from '../core/ports/storage.ts'

/** @throws {StorageError} `invalid-key` unless well-formed text of 1–1,024 UTF-8 bytes without NUL. */
export function checkKey(key: string): void {
  const bytes = Buffer.byteLength(key)
  if (bytes === 0 || bytes > MAX_KEY_BYTES || !key.isWellFormed() || key.includes('\0'))
    throw new StorageError(
      'invalid-key',
      `a key has 1–${MAX_KEY_BYTES} bytes of UTF-8 without NUL; this one has ${bytes}`,
    )
}

export function checkLength(expected: number, actual: number): void {
  if (expected !== actual)
    throw new StorageError('wrong-length', `body of ${actual} bytes where ${expected} were announced`)
}

/** One chunk as a body. */
export async function* bodyOf(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

/** Reads a whole body into memory; for small ones only. @throws {StorageError} `wrong-length` beyond `maxBytes`. */
export async function readAll(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new StorageError('wrong-length', `body longer than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}
