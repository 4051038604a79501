/** LevelDB passes the key-value suite; its own errors are named. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { openLevelStore, StoreError } from '../../../src/storage/level-store.ts'
import { suite } from '../key-value-store.suite.ts'

const folderFor = () => mkdtemp(join(tmpdir(), 'lightmesh-level-'))

suite('level', async () => {
  const folder = await folderFor()
  let store = await openLevelStore(folder)
  return {
    store,
    async reopen() {
      await store.close()
      store = await openLevelStore(folder)
      return store
    },
    async close() {
      await store.close()
      await rm(folder, { recursive: true })
    },
  }
})

describe('openLevelStore', () => {
  it('error: a folder that is open already is locked', async () => {
    const folder = await folderFor()
    const store = await openLevelStore(folder)
    await assert.rejects(
      openLevelStore(folder),
      (error) => error instanceof StoreError && error.code === 'store-locked',
    )
    await store.close()
    await rm(folder, { recursive: true })
  })

  it('error: damaged files are named as such', async () => {
    const folder = await folderFor()
    const store = await openLevelStore(folder)
    await store.batch([{ type: 'put', key: 'a', value: Uint8Array.of(1) }], { sync: true })
    await store.close()
    await writeFile(join(folder, 'CURRENT'), 'no newline')
    await assert.rejects(
      openLevelStore(folder),
      (error) => error instanceof StoreError && error.code === 'store-corrupt',
    )
    await rm(folder, { recursive: true })
  })

  it('error: use after close', async () => {
    const folder = await folderFor()
    const store = await openLevelStore(folder)
    await store.close()
    await assert.rejects(store.get('a'), (error) => error instanceof StoreError && error.code === 'store-closed')
    await store.close()
    await rm(folder, { recursive: true })
  })
})
