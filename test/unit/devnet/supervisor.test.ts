import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Supervisor, whenReady } from '../../../devnet/supervisor.ts'

const never = new AbortController().signal
const node = (name: string, script: string, more = {}) => ({
  ...{ name, command: process.execPath, args: ['-e', script] },
  ...more,
})
const ready = { line: (line: string) => (line === 'ready' ? true : undefined) }

describe('supervisor', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'lightmesh-supervisor-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('default: ends the youngest first, keeps logs, passes no environment on', async () => {
    process.env.LIGHTMESH_TEST_SECRET = 'not for children'
    const supervisor = new Supervisor(folder)
    const ended: string[] = []
    const script =
      'console.log(process.env.LIGHTMESH_TEST_SECRET ?? "clean"); console.log("ready"); setInterval(() => {}, 1e6)'
    for (const name of ['a', 'b', 'c']) {
      const child = supervisor.start(node(name, script))
      child.exited.then(() => ended.push(name))
      await whenReady(child, ready, never)
    }
    delete process.env.LIGHTMESH_TEST_SECRET
    assert.deepEqual(await supervisor.stop(), [])
    await supervisor.close()
    assert.deepEqual(ended, ['c', 'b', 'a'])
    assert.equal(readFileSync(join(folder, 'logs', 'a.log'), 'utf8'), 'clean\nready\n')
  })

  it('behavior: who does not listen is killed, with its children', async () => {
    const supervisor = new Supervisor(folder)
    const script = `
      require('node:child_process').spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); console.log("ready"); setInterval(() => {}, 1e6)'], {stdio: 'inherit'})
      process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6)`
    const child = supervisor.start(node('deaf', script, { graceMs: 100 }))
    await whenReady(child, ready, never)
    // The child of the child holds the other end of the log: `exited` comes only when that is closed, too.
    assert.deepEqual(await supervisor.stop(), ['deaf'])
    await supervisor.close()
  })

  it('error: a process that ends before it is ready says why', async () => {
    const supervisor = new Supervisor(folder)
    const child = supervisor.start(node('broken', 'console.error("no such port"); process.exit(3)'))
    await assert.rejects(whenReady(child, ready, never), /broken ended with code 3 before it was ready:\nno such port/)
    const missing = supervisor.start({ name: 'missing', command: '/no/such/program', args: [] })
    await assert.rejects(whenReady(missing, ready, never), /missing ended.*ENOENT/s)
    await supervisor.stop()
    await supervisor.close()
  })
})
