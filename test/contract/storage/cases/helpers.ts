/** Short forms for the cases. */
import assert from 'node:assert/strict'
import { type ObjectStore, StorageError, type StorageErrorCode } from '../../../../src/core/ports/storage.ts'
import { bodyOf, readAll } from '../../../../src/storage/keys.ts'

export const text = (value: string) => new TextEncoder().encode(value)

/** Bytes that are no repetition of a short block. */
export function pattern(bytes: number, seed = 1): Uint8Array {
  const data = new Uint8Array(bytes)
  for (let i = 0, x = seed; i < bytes; i++) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0
    data[i] = x >>> 24
  }
  return data
}

export function putBytes(store: ObjectStore, key: string, data: Uint8Array, options = {}) {
  return store.put(key, bodyOf(data), { bytes: data.length, ...options })
}

export async function getBytes(store: ObjectStore, key: string): Promise<Uint8Array> {
  const { body } = await store.get(key)
  return readAll(body, 1 << 30)
}

export function assertBytes(actual: Uint8Array, expected: Uint8Array, message?: string): void {
  assert.equal(actual.length, expected.length, message)
  assert.ok(Buffer.compare(actual, expected) === 0, message ?? 'the bytes differ')
}

export async function rejectsWith(work: Promise<unknown>, ...codes: StorageErrorCode[]): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof StorageError, `not a StorageError: ${error}`)
    assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`)
    return true
  })
}
