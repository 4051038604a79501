/** An attested loss on real contracts: noticed by a node, slashed after the dispute window, the reward is its own. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { unitIdOf } from '../../../src/core/eip712.ts'
import type { UnitId } from '../../../src/core/ids.ts'
import type { UnitLeaf } from '../../../src/core/leaves.ts'
import { untilMarket } from '../../../src/market/changes.ts'
import { createPenaltyService, type PenaltyService } from '../../../src/market/penalty-service.ts'
import { systemClock } from '../../../src/node/system-ports.ts'
import { type MarketNode, startAnvilMarket } from '../../support/market/anvil-market.ts'
import { leafOf, termsOf } from '../../support/market/market-twin.ts'

const COIN = 10n ** 18n
const soon = () => AbortSignal.timeout(30_000)

describe('penalties on real contracts', () => {
  const cleanUp: (() => Promise<void>)[] = []
  let world: Awaited<ReturnType<typeof startAnvilMarket>>
  let oracle: MarketNode
  let unitId: UnitId
  let service: PenaltyService
  let suspect: UnitLeaf | undefined
  const events: string[] = []

  const attest = async (epoch: number, lossIncidents: number) => {
    suspect = leafOf(unitId, epoch, { lossIncidents })
    await world.finalize(epoch, [suspect])
    const final = () => oracle.market.finalAttestation()?.header.epoch === epoch || undefined
    await untilMarket(oracle.market, final, soon())
    await service.once()
  }
  const bond = () => oracle.chain.view().providers()[0]!.bond

  before(async () => {
    world = await startAnvilMarket({ after: (stop: () => Promise<void>) => void cleanUp.unshift(stop) })
    const [operator, provider] = [await world.account(2_000n * COIN), await world.account()]
    await world.provider(operator, provider, 2_000n * COIN)
    oracle = await world.node(await world.account())
    const terms = termsOf(provider.address, { token: world.token })
    const deadline = Number((await world.network.publicClient.getBlock()).timestamp) + 10_000
    const signature = await provider.signDigest(world.digests.dataUnit(terms, deadline))
    await oracle.writer.registerUnitFor(terms, deadline, signature, soon())
    unitId = unitIdOf(provider.address, 1n)
    service = createPenaltyService(
      { node: oracle.signer.address },
      {
        clock: systemClock,
        ...oracle,
        leaves: world.leaves,
        suspects: () => (suspect ? [suspect] : []),
        oracles: () => [oracle.signer.address],
      },
    )
    service.on('noticed', ({ incidents }) => events.push(`noticed ${incidents}`))
    service.on('slashed', ({ cause }) => events.push(`slashed ${cause}`))
  })
  after(async () => {
    await service.stop()
    for (const stop of cleanUp) await stop()
  })

  it('default: noticed, not slashed before the window is over, then slashed once', async () => {
    await attest(10, 1)
    assert.deepEqual(events, ['noticed 1'])
    await attest(12, 1)
    assert.deepEqual(events, ['noticed 1'])
    assert.equal(bond(), 2_000n * COIN)
    await attest(18, 1)
    assert.deepEqual(events, ['noticed 1', 'slashed loss'])
    await untilMarket(oracle.market, () => (bond() < 2_000n * COIN ? true : undefined), soon())
    assert.equal(bond(), 1_900n * COIN)
    assert.equal(await oracle.market.credit(world.token, oracle.signer.address, soon()), 5n * COIN)
    await attest(19, 1)
    assert.deepEqual(events, ['noticed 1', 'slashed loss'])
  })
})
