/** Trying a backend at start: a small object goes through every right that a data unit needs. */
import { randomBytes } from 'node:crypto'
import { type Cancellable, type ObjectStore, StorageError } from '../core/ports/storage.ts'
import { bodyOf, readAll } from './keys.ts'

/** Never listed to oracles or consumers. */
export const CHECK_PREFIX = '.lightmesh/check/'

/** @throws {StorageError} with the backend's code and a message that names the step which failed. */
export async function checkBackend(store: ObjectStore, { signal }: Cancellable = {}): Promise<void> {
  const options = signal ? { signal } : {}
  const key = CHECK_PREFIX + randomBytes(8).toString('hex')
  const content = randomBytes(64)
  await step('write', () => store.put(key, bodyOf(content), { bytes: content.length, ...options }))
  await step('read', async () => {
    const { body } = await store.get(key, { range: { start: 16, end: 47 }, ...options })
    const read = await readAll(body, content.length)
    if (Buffer.compare(read, content.subarray(16, 48)) !== 0)
      throw new StorageError('backend-failed', 'a range read back is not what was written')
  })
  await step('list', async () => {
    const { objects } = await store.list({ prefix: key, ...options })
    if (objects.length !== 1) throw new StorageError('backend-failed', 'an object just written is not listed')
  })
  await step('delete', () => store.delete(key, options))
}

async function step(name: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    throw new StorageError(error.code, `the backend does not let us ${name}: ${error.message}`, { cause: error })
  }
}
