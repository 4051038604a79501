/** One process per key: living holders keep it, dead ones lose it to exactly one successor. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { KeystoreError } from '../../../../src/node/keystore/errors.ts'
import { acquireLease } from '../../../../src/node/keystore/lease.ts'

const LEASE_MODULE = resolve(import.meta.dirname, '../../../../src/node/keystore/lease.ts')
const inUse = (error: unknown) => error instanceof KeystoreError && error.code === 'key-in-use'

/** A process that takes the lease, says so, and stays until it is killed. */
async function holderProcess(key: string): Promise<ChildProcess> {
  const script = `
    const { acquireLease } = await import(${JSON.stringify(LEASE_MODULE)})
    await acquireLease(${JSON.stringify(key)})
    process.stdin.resume()
    process.stdout.write('held')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout!, 'data')
  return child
}

async function killed(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

describe('acquireLease', () => {
  let folder = ''
  let key = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lightmesh-lease-'))
    key = join(folder, 'node.json')
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('default', async () => {
    const lease = await acquireLease(key)
    await assert.rejects(acquireLease(key), inUse)
    await lease.release()
    const again = await acquireLease(key)
    await again.release()
    await again.release()
    assert.equal(again.lost.aborted, false)
    assert.equal((await readdir(folder)).length, 1)
  })

  it('behavior: a living process keeps it, a killed one loses it', async () => {
    const child = await holderProcess(key)
    await assert.rejects(
      acquireLease(key),
      (error) => inUse(error) && (error as Error).message.includes(`process ${child.pid} `),
    )
    await killed(child)
    const lease = await acquireLease(key)
    await lease.release()
  })

  it('behavior: of many that find a dead holder one wins', async () => {
    await killed(await holderProcess(key))
    const results = await Promise.allSettled(Array.from({ length: 12 }, () => acquireLease(key)))
    const won = results.filter((result) => result.status === 'fulfilled')
    assert.equal(won.length, 1)
    for (const result of results) if (result.status === 'rejected') assert.ok(inUse(result.reason), result.reason)
    await won[0]!.value.release()
  })

  it('behavior: a reused pid is not the holder', async () => {
    const lease = await acquireLease(key)
    const [name] = await readdir(folder)
    const holder = JSON.parse(await readFile(join(folder, name!), 'utf8'))
    await lease.release()
    await writeFile(join(folder, 'node.json.lease.9'), JSON.stringify({ ...holder, started: '1', nonce: 'x' }))
    const again = await acquireLease(key)
    assert.deepEqual(await readdir(folder), ['node.json.lease.10'])
    await again.release()
  })

  it('behavior: a holder elsewhere is believed while its heartbeat is fresh', async () => {
    const lease = await acquireLease(key)
    const [name] = await readdir(folder)
    const holder = JSON.parse(await readFile(join(folder, name!), 'utf8'))
    await lease.release()
    const elsewhere = join(folder, 'node.json.lease.5')
    await writeFile(elsewhere, JSON.stringify({ ...holder, place: 'another host', nonce: 'x' }))
    await assert.rejects(acquireLease(key), inUse)
    const longAgo = new Date(Date.now() - 120_000)
    await utimes(elsewhere, longAgo, longAgo)
    const again = await acquireLease(key)
    await again.release()
  })

  it('behavior: a damaged lease file does not lock the key for ever', async () => {
    await writeFile(join(folder, 'node.json.lease.3'), '{"pid":')
    const lease = await acquireLease(key)
    assert.deepEqual(await readdir(folder), ['node.json.lease.4'])
    await lease.release()
  })
})
