/** However a devnet ends, nothing stays: neither a process, nor a port, nor a folder. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { descendants, type Footprint, footprintOf, leftOf, runDevnet } from './support/run-devnet.ts'

/** Resolves once none of the processes is left: `tail --pid` ends when its process does. */
async function ended(pids: readonly number[]): Promise<void> {
  const waits = pids.map((pid) => once(spawn('tail', ['-f', '/dev/null', `--pid=${pid}`, '-s', '0.05']), 'exit'))
  await Promise.all(waits)
}

/** The launcher below npm and its shell. */
function launcherOf(npm: number): number {
  const found = descendants(npm).find(({ command }) => /bin\/start\.mjs/.test(command))
  assert.ok(found, 'the launcher runs')
  return found.pid
}

const UP = /nodes up/

describe('the end of a devnet', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`behavior: ${signal} to npm's own pid, nodes running`, async () => {
      const run = runDevnet(['--nodes', '4'], 'npm')
      await run.line(UP)
      const footprint = footprintOf(launcherOf(run.pid))
      assert.ok(footprint.pids.length >= 8)
      process.kill(run.pid, signal)
      await run.exited
      await ended(footprint.pids)
      assert.deepEqual(await leftOf(footprint), [])
      assert.ok(!run.lines.some((line) => /did not end when asked/.test(line)), run.lines.join('\n'))
    })
  }

  it('behavior: SIGINT while everything is still starting', async () => {
    const run = runDevnet(['--nodes', '4'])
    await run.line(/chain at/)
    const footprint = footprintOf(run.pid)
    run.child.kill('SIGINT')
    assert.equal((await run.exited).code, 0)
    assert.deepEqual(await leftOf(footprint), [])
  })

  it('behavior: SIGKILL of the launcher', async () => {
    const run = runDevnet(['--nodes', '4'])
    await run.line(UP)
    const footprint: Footprint = footprintOf(run.pid)
    run.child.kill('SIGKILL')
    await run.exited
    await ended(footprint.pids)
    assert.deepEqual(await leftOf(footprint), [])
  })

  it('behavior: SIGKILL of npm: the launcher ends with its parent', async () => {
    const run = runDevnet(['--nodes', '4'], 'npm')
    await run.line(UP)
    const launcher = launcherOf(run.pid)
    const footprint = footprintOf(launcher)
    process.kill(run.pid, 'SIGKILL')
    // The launcher holds the other end of stderr: `exited` waits for its end too.
    await run.exited
    await ended(footprint.pids)
    assert.deepEqual(await leftOf(footprint), [])
  })
})
