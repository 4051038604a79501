/** Scripted incidents, each told as it would be in a post-mortem. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assignmentThreshold } from '../../src/oracle/assignment.ts'
import { decodeBatch } from '../../src/oracle/batch.ts'
import { decodeRevealHeader } from '../../src/oracle/messages/reveal-header.ts'
import { type Fault, quietOptions, type SimOptions, type StrategyName } from './options.ts'
import { World } from './world.ts'

/** Milliseconds since genesis: an epoch and a fraction of it. */
const at = (options: SimOptions, epoch: number) => Math.floor(epoch * options.epochSeconds * 1000)

function withFaults(seed: string, n: number, epochs: number, faults: (o: SimOptions) => readonly Fault[]): SimOptions {
  const options = quietOptions(seed, n, epochs)
  return { ...options, faults: faults(options) }
}

function withLiars(options: SimOptions, liars: readonly number[], strategies: readonly StrategyName[]): SimOptions {
  return { ...options, nodes: options.nodes.map((node, i) => (liars.includes(i) ? { ...node, strategies } : node)) }
}

async function run(options: SimOptions): Promise<World> {
  const world = new World(options)
  await world.run()
  assert.deepEqual(world.violations, [], `seed ${options.seed}\n${world.lastEvents.join('\n')}`)
  return world
}

function attestedAll(world: World, except: readonly number[] = []): void {
  for (let epoch = 0; epoch < world.options.epochs; epoch++)
    if (!except.includes(epoch)) assert.ok(world.checkers.accepted.has(epoch), `epoch ${epoch} was missed`)
}

describe('set sizes', () => {
  for (const n of [4, 7, 13, 31])
    it(`behavior: ${n} nodes, f of them silent`, async () => {
      const f = Math.floor((n - 1) / 3)
      const liars = Array.from({ length: f }, (_, i) => i)
      const world = await run(withLiars(quietOptions(`size-${n}`, n, 5), liars, ['silent']))
      attestedAll(world)
    })

  it('behavior: of 31 nodes each reports on about 15 in 31 units, and never on its own', async () => {
    const options = quietOptions('assignment', 31, 4)
    const units = Array.from({ length: 60 }, () => options.units[0]!).map((unit) => ({ ...unit }))
    const world = await run({ ...options, units })
    assert.equal(assignmentThreshold(31, 15), Math.floor((2 ** 32 * 15) / 31))
    const rows = [1, 2, 3].flatMap((epoch) =>
      world.evidenceOf(epoch)!.reveals.map(({ header, batch }) => ({
        operator: world.chain.setOf(epoch).seats[decodeRevealHeader(header).index]!.operator,
        columns: decodeBatch(batch, units.length),
      })),
    )
    const reports = rows.reduce((sum, { columns }) => sum + columns.unit.length, 0) / (3 * units.length)
    assert.ok(Math.abs(reports - 15) < 1, `${reports} reports a unit and epoch`)
    for (const { operator, columns } of rows)
      for (const unit of columns.unit) assert.notEqual(world.units[unit]!.operator, operator)
  })
})

describe('liars', () => {
  const availabilityOf = (world: World, position: number) =>
    world.checkers.finalState!.unitLeaves().find((leaf) => leaf.unitId === world.unitOf(position))!.availabilityPpm

  it('behavior: a fifth of the oracles slanders a 95 % unit and moves it by less than 3 points', async () => {
    const base = quietOptions('slander-20', 10, 24)
    const honest = { availability: 0.95, ttfbMs: 40, kbps: 80_000 }
    const options = withLiars({ ...base, units: [honest], epochsPerDay: 12 }, [3, 8], ['colluder'])
    const truth = await run({ ...base, units: [honest], epochsPerDay: 12 })
    const slandered = await run(options)
    const moved = Math.abs(availabilityOf(slandered, 0) - availabilityOf(truth, 0))
    assert.ok(moved < 30_000, `moved by ${moved} ppm`)
  })

  it('behavior: three of ten move it by less than 5.5 points', async () => {
    const base = quietOptions('slander-30', 10, 24)
    const honest = { availability: 0.95, ttfbMs: 40, kbps: 80_000 }
    const truth = await run({ ...base, units: [honest], epochsPerDay: 12 })
    const slandered = await run(withLiars({ ...base, units: [honest], epochsPerDay: 12 }, [2, 5, 8], ['colluder']))
    const moved = Math.abs(availabilityOf(slandered, 0) - availabilityOf(truth, 0))
    assert.ok(moved < 55_000, `moved by ${moved} ppm`)
  })

  it('behavior: a copier, a late committer and a grinder earn no point', async () => {
    const base = quietOptions('pointless', 10, 8)
    const nodes = base.nodes.map((node, i) => {
      const strategy = (['copier', 'late-committer', 'grinder'] as const)[i]
      return strategy ? { ...node, strategies: [strategy] } : node
    })
    const world = await run({ ...base, nodes })
    attestedAll(world)
    const points = new Map(world.checkers.finalState!.oracleLeaves().map((leaf) => [leaf.node, leaf.points]))
    for (const node of world.nodes) {
      const earned = points.get(node.signer.address)
      if (node.index < 3) assert.equal(earned, 0n, `node ${node.index}`)
      else assert.equal(earned, BigInt(world.checkers.finalState!.epoch + 1), `node ${node.index}`)
    }
  })

  it('behavior: what a selective revealer shows to a few reaches everybody', async () => {
    const world = await run(withLiars(quietOptions('selective', 7, 6), [2, 4], ['selective']))
    attestedAll(world)
    for (const epoch of [2, 3, 4]) assert.equal(world.evidenceOf(epoch)!.reveals.length, 7)
  })

  it('behavior: censoring proposers lose their attempts, the victim stays in', async () => {
    const world = await run(withLiars(quietOptions('censors', 7, 12), [3, 5], ['censor']))
    attestedAll(world)
    const later = [...world.checkers.accepted.values()].filter(({ header }) => header.attempt > 0)
    assert.ok(later.length > 0, 'a censor was the first proposer of some epoch')
  })

  it('behavior: equivocators are found out and nothing is attested twice', async () => {
    const world = await run(withLiars(quietOptions('two-faced', 7, 6), [1, 6], ['equivocator']))
    attestedAll(world)
    assert.ok(world.checkers.equivocations > 0)
    const kept = [...world.nodes[0]!.disk.contents().keys()].filter((key) => key.startsWith('oracle/equivocation/'))
    assert.ok(kept.length >= 2)
  })
})

describe('crashes and disks', () => {
  it('behavior: the whole network loses power in an epoch and goes on with the next', async () => {
    const options = withFaults('blackout', 7, 9, (o) =>
      o.nodes.map((_, node): Fault => ({ kind: 'crash', node, atMs: at(o, 3.7) + node, downMs: 3000 })),
    )
    const world = await run(options)
    attestedAll(world, [3, 4])
  })

  it('behavior: a node dies in each phase of one epoch after another, no epoch is missed', async () => {
    const phases = [0.2, 0.52, 0.56, 0.65, 0.7, 0.86, 0.88, 0.95]
    const options = withFaults('phases', 7, 12, (o) =>
      phases.map((phase, k): Fault => ({ kind: 'crash', node: k % 7, atMs: at(o, 1 + k + phase), downMs: 1500 })),
    )
    attestedAll(await run(options))
  })

  it('behavior: a node without its journal sits out what it may have signed, then signs again', async () => {
    const options = withFaults('journal', 7, 9, (o) => [
      { kind: 'journal-lost', node: 2, atMs: at(o, 3.3), downMs: 1000 },
    ])
    const world = await run(options)
    attestedAll(world)
    assert.ok(!world.checkers.alarms.has('foreign-signature'))
    const reporters = (epoch: number) => {
      const bundle = world.evidenceOf(epoch)
      return bundle!.reveals.map((reveal) => decodeRevealHeader(reveal.header).index)
    }
    assert.ok(!reporters(3).includes(2))
    assert.ok(!reporters(4).includes(2))
    assert.ok(reporters(5).includes(2))
  })

  it('behavior: a second process with the same key is noticed and stops', async () => {
    const options = quietOptions('twin', 7, 6)
    const world = new World(options)
    world.cloneAt(at(options, 2.1), 4)
    await world.run()
    assert.deepEqual(world.violations, [])
    assert.ok(world.checkers.equivocations > 0)
    assert.ok(world.checkers.alarms.has('foreign-signature'))
    assert.equal(world.checkers.finalStatus[4]?.signingStopped, true)
    attestedAll(world)
  })

  it('behavior: a full disk means no signature, and everything goes on afterwards', async () => {
    const options = withFaults('disk-full', 7, 8, (o) => [
      { kind: 'disk-full', node: 1, atMs: at(o, 2), forMs: at(o, 1.2) },
    ])
    const world = await run(options)
    attestedAll(world)
    assert.ok(world.checkers.alarms.has('store-failed'))
  })
})

describe('chain and mesh', () => {
  it('behavior: a reorg as deep as the confirmations takes the attestation away, the same bytes bring it back', async () => {
    // The attestation of epoch 3 is in the block after its proposal instant, two blocks before this reorg.
    const options = withFaults('reorg', 7, 8, (o) => [
      { kind: 'reorg', atMs: at(o, 3.85) + 2500, depth: 2, keepTransactions: false },
    ])
    const world = await run(options)
    attestedAll(world)
    assert.equal(world.chain.reorgs, 1)
  })

  it('behavior: after a deep reorg nobody signs twice and the chain is followed', async () => {
    const options = withFaults('deep', 7, 10, (o) => [
      { kind: 'reorg', atMs: at(o, 4.2) + 500, depth: 6, keepTransactions: false },
    ])
    const world = await run(options)
    for (let epoch = 6; epoch < 10; epoch++) assert.ok(world.checkers.accepted.has(epoch), `epoch ${epoch}`)
  })

  it('behavior: in a partition the larger side goes on, the smaller one catches up', async () => {
    const options = withFaults('partition', 7, 10, (o) => [
      {
        kind: 'partition',
        atMs: at(o, 3.1),
        forMs: at(o, 2),
        groups: [
          [0, 1],
          [2, 3, 4, 5, 6],
        ],
      },
    ])
    attestedAll(await run(options))
  })

  it('behavior: half and half skips epochs and attests again when whole', async () => {
    const options = withFaults('halves', 7, 10, (o) => [
      {
        kind: 'partition',
        atMs: at(o, 3.1),
        forMs: at(o, 2),
        groups: [
          [0, 1, 2],
          [3, 4, 5, 6],
        ],
      },
    ])
    const world = await run(options)
    assert.ok(!world.checkers.accepted.has(3), 'four of seven are no quorum')
    // The last attempt of the next epoch comes after the end of the partition.
    for (let epoch = 4; epoch < 10; epoch++) assert.ok(world.checkers.accepted.has(epoch), `epoch ${epoch}`)
  })

  it('behavior: a chain that stands still is waited for', async () => {
    const options = withFaults('halt', 7, 10, (o) => [{ kind: 'chain-halt', atMs: at(o, 3.5), forMs: at(o, 1.5) }])
    const world = await run(options)
    for (let epoch = 6; epoch < 10; epoch++) assert.ok(world.checkers.accepted.has(epoch), `epoch ${epoch}`)
  })
})

describe('coming and going', () => {
  it('behavior: everybody loses power between acceptance and finality, and the next epochs build on that root', async () => {
    const options = withFaults('blackout', 7, 9, (o) =>
      Array.from({ length: 7 }, (_, node) => ({ kind: 'crash', node, atMs: at(o, 4) - 200, downMs: 4_000 }) as const),
    )
    const world = new World(options)
    const before: number[] = []
    const { accepted } = world.chain.tap
    world.chain.tap.accepted = (attestation, signatures) => {
      accepted?.(attestation, signatures)
      if (world.time.now < world.fromGenesis(at(options, 4) - 200)) before.push(attestation.header.epoch)
    }
    await world.run()
    assert.deepEqual(world.violations, [], world.lastEvents.join('\n'))
    assert.equal(before.at(-1), 3, 'accepted, and not two blocks deep when the power went')
    for (let epoch = 5; epoch < 9; epoch++) assert.ok(world.checkers.accepted.has(epoch), `epoch ${epoch}`)
  })

  it('behavior: a node that joins in the middle of a day takes a snapshot and signs in the first epoch that it may', async () => {
    const base = quietOptions('join', 7, 9)
    const nodes = base.nodes.map((node, i) => (i === 5 ? { ...node, joinsAtMs: at(base, 3.4) } : node))
    const world = await run({ ...base, nodes })
    attestedAll(world)
    const bundle = world.evidenceOf(5)
    assert.ok(bundle!.reveals.some((reveal) => decodeRevealHeader(reveal.header).index === 5))
  })

  it('behavior: the set rotates in mid-run, the state goes on, those without a seat follow', async () => {
    const base = quietOptions('rotate', 10, 10)
    const rotation = { atEpoch: 5, before: [0, 1, 2, 3, 4, 5, 6], after: [9, 3, 4, 5, 6, 7, 8] }
    const world = await run({ ...base, rotation })
    attestedAll(world)
    assert.ok(world.checkers.alarms.has('not-in-set'))
    const view = world.checkers.finalState!
    assert.equal(view.oracleLeaves().length, 10)
    assert.ok(
      view.unitLeaves().every((leaf) => leaf.metEpochs + leaf.missedEpochs + leaf.neutralEpochs === view.epoch + 1),
    )
  })
})
