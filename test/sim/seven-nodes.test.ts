/** Seven whole nodes for fifty epochs of virtual time, with message loss and one crash, from a seed. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { quietOptions, type SimOptions } from './options.ts'
import { World } from './world.ts'

const EPOCHS = 50

function troubled(seed: string): SimOptions {
  const base = quietOptions(seed, 7, EPOCHS)
  return {
    ...base,
    network: { ...base.network, loss: 0.1, duplicate: 0.02 },
    faults: [{ kind: 'crash-in-sync', node: 3, atMs: 20 * 12_000 + 10_000, downMs: 15_000 }],
  }
}

async function run(options: SimOptions): Promise<World> {
  const world = new World(options)
  await world.run()
  assert.deepEqual(world.violations, [], `seed ${options.seed}\n${world.lastEvents.join('\n')}`)
  return world
}

describe('seven nodes, fifty epochs', () => {
  it('default', async () => {
    const world = await run(troubled('fifty'))
    const { accepted } = world.checkers
    for (let epoch = 0; epoch < EPOCHS; epoch++) assert.ok(accepted.has(epoch), `epoch ${epoch} was missed`)
    assert.equal(world.nodes[3]!.starts, 2, 'the crash happened')
    assert.ok(world.network.counts.lost > 500, 'messages were lost')
  })

  it('behavior: the same seed gives the same roots, another seed others', async () => {
    const roots = async (seed: string) => {
      const world = await run({ ...troubled(seed), epochs: 8, faults: [] })
      return [...world.checkers.accepted.values()].map(({ header }) => header.root)
    }
    const first = await roots('same')
    assert.deepEqual(await roots('same'), first)
    assert.notDeepEqual(await roots('other'), first)
  })

  it('behavior: real signatures do the same', async () => {
    const world = await run({ ...troubled('secp256k1'), keys: 'secp256k1', epochs: 6, faults: [] })
    for (let epoch = 0; epoch < 6; epoch++) assert.ok(world.checkers.accepted.has(epoch))
  })

  it('behavior: the attested leaves tell the units apart', async () => {
    const world = await run(troubled('leaves'))
    const view = world.checkers.finalState
    assert.ok(view)
    const leaf = (position: number) => view.unitLeaves().find((l) => l.unitId === world.unitOf(position))!
    assert.equal(leaf(0).missedEpochs, 0)
    assert.ok(leaf(0).scoreBps > leaf(2).scoreBps, 'a perfect unit scores above one that fails every fifth time')
    assert.ok(Math.abs(leaf(1).availabilityPpm - 950_000) < 60_000, `${leaf(1).availabilityPpm} ppm`)
  })
})
