/** A kept run goes on: the same chain, keys and stores; the next epoch is attested on the last root. */
import assert from 'node:assert/strict'
import { existsSync, rmSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { footprintOf, leftOf, parseResult, runDevnet } from './support/run-devnet.ts'

describe('a kept run', () => {
  it('default: goes on where it was stopped', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lightmesh-keep-'))
    const args = ['--nodes', '4', '--json', '--scenario', 'calm', '--keep', join(folder, 'run')]
    try {
      const first = runDevnet([...args, '--epochs', '2'])
      const before = await first.exited
      assert.equal(before.code, 0, first.lines.join('\n'))
      const one = parseResult(before.stdout)

      const second = runDevnet([...args, '--epochs', '1'])
      await second.line(/consumer up/)
      const footprint = footprintOf(second.pid)
      const after = await second.exited
      assert.equal(after.code, 0, second.lines.join('\n'))
      const two = parseResult(after.stdout)
      assert.equal(two.chain.orchestrator, one.chain.orchestrator)
      assert.deepEqual(
        two.nodes.map(({ peerId }) => peerId),
        one.nodes.map(({ peerId }) => peerId),
      )
      const last = one.attestations.at(-1)!
      assert.deepEqual(
        two.attestations.slice(0, one.attestations.length).map(({ root }) => root),
        one.attestations.map(({ root }) => root),
      )
      assert.equal(two.attestations[one.attestations.length]!.prevEpoch, last.epoch)
      assert.deepEqual(await leftOf({ ...footprint, folders: [] }), [])
      assert.ok(existsSync(join(folder, 'run', 'run.json')))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('error: a folder with something else in it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lightmesh-keep-'))
    try {
      await writeFile(join(folder, 'thesis.txt'), 'years of work')
      const run = runDevnet(['--keep', folder])
      assert.equal((await run.exited).code, 2)
      assert.match(run.lines.join('\n'), /^lightmesh: --keep .*neither an empty folder nor one with a run in it$/)
      assert.ok(existsSync(join(folder, 'thesis.txt')))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
