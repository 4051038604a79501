/** A consumer that is killed in the middle of a large upload, and the one that comes after it. */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { startOwnS3 } from '../../support/servers/own-s3.ts'
import type { ChildMessage } from '../../support/transfer-child.ts'

const MIB = 2 ** 20
const mib = (bytes: number) => Math.round(bytes / MIB)
/** A gibibyte where the storage tests run alone; a quarter of it among all others. */
const BYTES = process.env.LIGHTMESH_REQUIRE_SERVERS === '1' ? 1024 * MIB : 256 * MIB

describe('a killed upload', () => {
  it('default: goes on where it ended, arrives unchanged, in bounded memory', async (t) => {
    const own = await startOwnS3()
    const folder = await mkdtemp(join(tmpdir(), 'lightmesh-consumer-'))
    t.after(async () => {
      await own.close()
      await rm(folder, { recursive: true })
    })
    const start = () =>
      fork(new URL('../../support/transfer-child.ts', import.meta.url), [own.server.url, folder, String(BYTES)], {
        // Node strips the types itself: tsx's loader would count as memory of the transfer.
        execArgv: ['--expose-gc'],
      })
    const killed = start()
    const exited = once(killed, 'exit')
    await progressBeyond(killed, BYTES / 2)
    killed.kill('SIGKILL')
    assert.deepEqual(await exited, [null, 'SIGKILL'])

    const child = start()
    const ended = once(child, 'exit')
    let first: number | undefined
    let done: Extract<ChildMessage, { type: 'done' }> | undefined
    child.on('message', (message: ChildMessage) => {
      if (message.type === 'progress') first ??= message.transferredBytes
      else done = message
    })
    assert.deepEqual(await ended, [0, null])
    assert.ok(first !== undefined && first >= BYTES / 2, `began again at ${first}`)
    assert.ok(done?.same, 'another object came back')
    const growth = [done.upload, done.download].map(({ liveBytes, residentBytes }) => {
      t.diagnostic(`memory grew by ${mib(liveBytes)} MiB in use, ${mib(residentBytes)} MiB with garbage`)
      return mib(liveBytes)
    })
    assert.ok(Math.min(...growth) >= 0 && Math.max(...growth) <= 32, `memory grew by ${growth.join(' and ')} MiB`)
  })
})

async function progressBeyond(child: ChildProcess, bytes: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  child.on('message', (message: ChildMessage) => {
    if (message.type === 'progress' && message.transferredBytes > bytes) resolve()
  })
  child.once('exit', (code) => reject(new Error(`the child ended with ${code}`)))
  await promise
}
