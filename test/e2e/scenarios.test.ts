/** Misbehaviour on purpose, with its outcome as the chain has it. Three devnets at a time: most of a run is waiting for epochs. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { DevnetResult } from '../../devnet/result.ts'
import { assertOneSignatureASlot } from './support/journals.ts'
import { parseResult, runDevnet } from './support/run-devnet.ts'

const NODES = ['--nodes', '4', '--json', '--seed', 'scenarios']

async function play(...args: string[]): Promise<{ result: DevnetResult; lines: string[] }> {
  const run = runDevnet([...NODES, ...args])
  const { code, stdout } = await run.exited
  assert.equal(code, 0, run.lines.join('\n'))
  return { result: parseResult(stdout), lines: run.lines }
}

/** Units and money of the kind that goes wrong, and of the others. */
function sides(result: DevnetResult) {
  const money = (id: string) => result.reservations.filter(({ unit }) => unit === id)
  const all = result.units.map((unit) => ({
    ...unit,
    paid: money(unit.id).reduce((sum, { paid }) => sum + BigInt(paid), 0n),
    refunded: money(unit.id).reduce((sum, { refunded }) => sum + BigInt(refunded), 0n),
  }))
  return { bad: all.find(({ kind }) => kind === 's3')!, good: all.filter(({ kind }) => kind !== 's3') }
}

function assertUntouched(good: ReturnType<typeof sides>['good']) {
  assert.equal(good.length, 2)
  for (const { kind, missed, refunded, paid } of good) {
    assert.equal(missed, 0, kind)
    assert.equal(refunded, 0n, kind)
    assert.ok(paid > 0n, kind)
  }
}

function assertPunished(result: DevnetResult) {
  const { bad, good } = sides(result)
  assert.ok(bad.missed > 0)
  assert.ok(bad.refunded > 0n)
  for (const { scoreBps } of good) assert.ok(bad.scoreBps < scoreBps, `${bad.scoreBps} < ${scoreBps}`)
  assertUntouched(good)
}

describe('scenarios', { concurrency: 3 }, () => {
  it('default: slow, then lossy: missed epochs, a lower score, money back; the others untouched', async () => {
    const { result } = await play('--epochs', '10')
    assertPunished(result)
  })

  it('behavior: an oracle that lies about a rival changes nothing', async () => {
    const { result } = await play('--epochs', '5', '--scenario', 'liar')
    const { bad, good } = sides(result)
    assert.equal(bad.missed, 0)
    assert.equal(bad.refunded, 0n)
    assert.ok(bad.met >= 3)
    assert.equal(bad.availabilityPpm, 1_000_000, 'the median of the reporters')
    assertUntouched(good)
  })

  it('behavior: an oracle that copies earns no point; everybody else does, and nothing else moves', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lightmesh-copier-'))
    try {
      const { result, lines } = await play('--epochs', '5', '--scenario', 'copier', '--keep', join(folder, 'run'))
      const copiers = result.nodes.filter(({ address }) =>
        lines.some((line) => line.includes(`${address} (provider of disk, oracle, copier)`)),
      )
      assert.equal(copiers.length, 1)
      for (const node of result.nodes) {
        const points = Number(node.points)
        if (copiers.includes(node)) assert.equal(points, 0, 'the copier')
        else assert.ok(points >= 3, `${node.address}: ${node.points}`)
      }
      const { bad, good } = sides(result)
      assertUntouched(good)
      assert.equal(bad.missed, 0)
      assert.equal(bad.refunded, 0n)
      const copies = (await readFile(join(folder, 'run', 'logs', 'node-3.log'), 'utf8')).match(/copied a reveal/g) ?? []
      assert.ok(copies.length >= 3, `${copies.length} copies: silence earns nothing either`)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('behavior: a slow backend misses its epochs; the others untouched', async () => {
    const { result } = await play('--epochs', '10', '--scenario', 'slow')
    assertPunished(result)
  })

  it('behavior: lost objects are missed epochs; the others untouched', async () => {
    const { result } = await play('--epochs', '10', '--scenario', 'lossy')
    assertPunished(result)
  })

  it('behavior: a backend that is off for two epochs misses them and is well again', async () => {
    const { result } = await play('--epochs', '8', '--scenario', 'down')
    const { bad, good } = sides(result)
    assert.ok(bad.missed >= 1 && bad.missed <= 3, `${bad.missed} missed`)
    assert.ok(bad.met >= 3, `${bad.met} met`)
    assert.ok(bad.refunded > 0n)
    assertUntouched(good)
  })

  it('behavior: kills at random: every loss is named, epochs go on, and nobody signs twice', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lightmesh-chaos-'))
    try {
      const { result, lines } = await play(
        '--epochs',
        '7',
        '--scenario',
        'calm',
        '--chaos',
        '--seed',
        'chain80',
        '--keep',
        join(folder, 'run'),
      )
      const kills = lines.filter((line) => /chaos: killing/.test(line)).length
      assert.ok(kills >= 4, `${kills} kills`)
      assert.equal(result.lost.length, kills)
      assert.ok(
        lines.some((line) => /chain is back/.test(line)),
        'this seed stops the chain too',
      )
      for (const { pid, what } of result.lost) assert.ok(pid > 0 && what.length > 0)
      const epochs = result.attestations.map(({ epoch }) => epoch)
      assert.ok(epochs.at(-1)! - epochs[0]! + 1 - epochs.length <= 1, `attested: ${epochs.join()}`)
      const { attested, revealed } = await assertOneSignatureASlot(join(folder, 'run'), result)
      assert.ok(attested >= result.quorum * result.attestations.length, `${attested} signatures`)
      assert.ok(revealed >= attested, `${revealed} reveals`)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
