/** The folder store's own promises: crash safety, quota, isolation from the rest of the file system. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { type ObjectStore, StorageError, type StorageErrorCode } from '../../../../src/core/ports/storage.ts'
import { type FolderStore, openFolderStore } from '../../../../src/storage/disk/folder-store.ts'
import { bodyOf, readAll } from '../../../../src/storage/keys.ts'

const clock = { now: () => 1_700_000_000_000 }
const data = (bytes: number, fill = 1) => new Uint8Array(bytes).fill(fill)
const put = (store: ObjectStore, key: string, bytes: Uint8Array) =>
  store.put(key, bodyOf(bytes), { bytes: bytes.length })
const refused = (work: Promise<unknown>, code: StorageErrorCode) =>
  assert.rejects(work, (error) => error instanceof StorageError && error.code === code)

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(join(folder, 'data'), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

describe('openFolderStore', () => {
  let folder: string
  let store: FolderStore
  const reopen = async (maxBytes?: number) => {
    await store.close()
    store = await openFolderStore({ folder, clock, ...(maxBytes !== undefined && { maxBytes }) })
  }
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lightmesh-folder-'))
    store = await openFolderStore({ folder, clock })
  })
  afterEach(async () => {
    await store.close()
    await rm(folder, { recursive: true })
  })

  it('default', async () => {
    await put(store, 'a', data(10))
    await reopen()
    const { body, head } = await store.get('a')
    assert.deepEqual(await readAll(body, 10), data(10))
    assert.equal(head.lastModifiedMs, clock.now())
    assert.equal(store.usedBytes, 10)
  })

  it('behavior: no key leads out of the folder or into its index', async () => {
    for (const key of ['../../etc/passwd', '/etc/passwd', 'index/CURRENT', '..', 'a/../../b', 'tmp/x']) {
      await put(store, key, data(3))
      assert.equal((await store.head(key)).bytes, 3)
    }
    assert.deepEqual((await readdir(folder)).sort(), ['data', 'index', 'tmp'])
    assert.equal((await filesIn(folder)).length, 6)
  })

  it('behavior: what a crash left behind is swept at the next start', async () => {
    await put(store, 'kept', data(5))
    await writeFile(join(folder, 'tmp', 'half-written'), 'x')
    await writeFile(join(folder, 'data', '00', '00'.repeat(16)), 'never committed')
    await reopen()
    assert.deepEqual(await readdir(join(folder, 'tmp')), [])
    assert.equal((await filesIn(folder)).length, 1)
    assert.equal((await store.head('kept')).bytes, 5)
  })

  it('behavior: replaced and deleted objects leave no files', async () => {
    await put(store, 'a', data(5))
    await put(store, 'a', data(6))
    await put(store, 'b', data(7))
    await store.delete('b')
    assert.equal((await filesIn(folder)).length, 1)
    assert.equal(store.usedBytes, 6)
  })

  it('behavior: a reader keeps what it began to read', async () => {
    await put(store, 'a', data(600_000, 1))
    const { body } = await store.get('a')
    await put(store, 'a', data(10, 2))
    await store.delete('a')
    assert.deepEqual(await readAll(body, 600_000), data(600_000, 1))
    await reopen()
    assert.deepEqual(await filesIn(folder), [])
  })

  it('behavior: a body that is returned unread lets its file go', async () => {
    await put(store, 'a', data(10))
    const { body } = await store.get('a')
    await body[Symbol.asyncIterator]().return?.()
    await store.delete('a')
    assert.deepEqual(await filesIn(folder), [])
  })

  it('behavior: of concurrent creations exactly one succeeds', async () => {
    const attempts = Array.from({ length: 8 }, (_, i) =>
      store.put('once', bodyOf(data(100, i)), { bytes: 100, ifAbsent: true }),
    )
    const results = await Promise.allSettled(attempts)
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1)
    assert.equal((await filesIn(folder)).length, 1)
    assert.equal(store.usedBytes, 100)
  })

  it('behavior: the quota holds for concurrent writes and across restarts', async () => {
    await reopen(1000)
    const results = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => put(store, `k${i}`, data(300))))
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 3)
    await reopen(1000)
    assert.equal(store.usedBytes, 900)
    await refused(put(store, 'more', data(101)), 'quota-exceeded')
    await store.delete('k0')
    await store.delete('k1')
    await store.delete('k2')
    await put(store, 'more', data(300))
  })

  it('behavior: parts count against the quota until their upload ends', async () => {
    await reopen(1000)
    const id = await store.multipart.create('m')
    const part = await store.multipart.putPart('m', id, 1, bodyOf(data(800)), { bytes: 800 })
    await store.multipart.putPart('m', id, 2, bodyOf(data(100)), { bytes: 100 })
    await refused(put(store, 'a', data(200)), 'quota-exceeded')
    await reopen(1000)
    assert.equal(store.usedBytes, 900)
    await store.multipart.complete('m', id, [part])
    assert.equal(store.usedBytes, 800)
    assert.equal((await filesIn(folder)).length, 1)
    const other = await store.multipart.create('n')
    await store.multipart.putPart('n', other, 1, bodyOf(data(200)), { bytes: 200 })
    assert.deepEqual(await store.multipart.openSince(clock.now() + 1), [{ key: 'n', uploadId: other }])
    await store.multipart.abort('n', other)
    assert.equal(store.usedBytes, 800)
  })

  it('error: symbolic links inside the folder are refused', async () => {
    await store.close()
    const elsewhere = await mkdtemp(join(tmpdir(), 'lightmesh-elsewhere-'))
    await rm(join(folder, 'data', '7f'), { recursive: true })
    await symlink(elsewhere, join(folder, 'data', '7f'))
    await refused(openFolderStore({ folder, clock }), 'invalid-config')
    await rm(join(folder, 'data', '7f'))
    await mkdir(join(folder, 'data', '7f'))
    store = await openFolderStore({ folder, clock })
    await put(store, 'a', data(10))
    const [file] = await filesIn(folder)
    assert.ok(file)
    await rm(file)
    await writeFile(join(elsewhere, 'secret'), 'secret!!!!')
    await symlink(join(elsewhere, 'secret'), file)
    const { body } = await store.get('a')
    await assert.rejects(readAll(body, 10), { code: 'ELOOP' })
    await rm(elsewhere, { recursive: true })
  })

  it('error: a file that lost bytes behind our back', async () => {
    await put(store, 'a', data(10))
    const [file] = await filesIn(folder)
    assert.ok(file)
    await truncate(file, 4)
    const { body } = await store.get('a')
    await refused(readAll(body, 10), 'backend-failed')
  })

  it('error: multipart limits', async () => {
    const id = await store.multipart.create('m')
    for (const number of [0, 10_001, 1.5])
      await refused(store.multipart.putPart('m', id, number, bodyOf(data(1)), { bytes: 1 }), 'unsupported')
    await refused(store.multipart.putPart('other', id, 1, bodyOf(data(1)), { bytes: 1 }), 'upload-missing')
    const small = await store.multipart.putPart('m', id, 1, bodyOf(data(1)), { bytes: 1 })
    const last = await store.multipart.putPart('m', id, 2, bodyOf(data(1)), { bytes: 1 })
    await refused(store.multipart.complete('m', id, [small, last]), 'wrong-length')
    await refused(store.multipart.complete('m', id, [last, small]), 'part-invalid')
    await refused(store.multipart.complete('m', id, []), 'part-invalid')
  })
})
