/** Losses and abandonment brought to the contract: noticed, confirmed after the window, slashed once, by one node. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { UnitLeaf } from '../../../src/core/leaves.ts'
import { MarketError } from '../../../src/core/ports/market.ts'
import { createPenaltyService } from '../../../src/market/penalty-service.ts'
import { ManualClock } from '../../support/market/manual-clock.ts'
import { address, leafOf, MarketTwin, termsOf } from '../../support/market/market-twin.ts'

const ORACLES = [address(1), address(2), address(3)]

function world(nodes = ORACLES) {
  const market = new MarketTwin()
  const clock = new ManualClock(0)
  const unitId = market.addUnit(termsOf(address(0x50)))
  let newest: UnitLeaf = leafOf(unitId, 0)
  const attest = (epoch: number, fields: Partial<UnitLeaf>) => {
    newest = leafOf(unitId, epoch, fields)
    market.finalize(epoch, [newest])
  }
  const suspects = () => (newest.lossIncidents > 0 || newest.state === 'Removed' ? [newest] : [])
  const happened: string[] = []
  const services = nodes.map((node) => {
    const service = createPenaltyService(
      { node, stageMs: 1_000 },
      { clock, market, writer: market.writer(node), leaves: market.leaves, suspects, oracles: () => ORACLES },
    )
    service.on('noticed', ({ incidents }) => happened.push(`noticed ${incidents}`))
    service.on('slashed', ({ cause }) => happened.push(`slashed ${cause}`))
    return service
  })
  /** Everybody has had its turn. */
  const pass = async () => {
    for (const service of services) await service.once()
    await clock.runTo(clock.now() + 10_000)
    for (const service of services) await service.once()
  }
  return { market, clock, unitId, attest, pass, happened, services }
}

describe('createPenaltyService', () => {
  it('default: noticed at once, slashed after the window, once among all nodes', async () => {
    const { market, attest, pass, happened } = world()
    attest(10, { lossIncidents: 1 })
    await pass()
    assert.deepEqual(happened, ['noticed 1'])
    attest(12, { lossIncidents: 1 })
    await pass()
    assert.deepEqual(happened, ['noticed 1'])
    attest(13, { lossIncidents: 1 })
    await pass()
    attest(14, { lossIncidents: 1 })
    await pass()
    assert.deepEqual(happened, ['noticed 1', 'slashed loss'])
    const rewards = ORACLES.map((node) => market.credits.get(node) ?? 0n)
    assert.equal(
      rewards.reduce((sum, reward) => sum + reward, 0n),
      1n,
    )
  })

  it('behavior: a further loss is a further case', async () => {
    const { attest, pass, happened } = world([ORACLES[0]!])
    for (const [epoch, lossIncidents] of [
      [10, 1],
      [13, 1],
      [14, 1],
      [15, 3],
      [18, 3],
    ] as const) {
      attest(epoch, { lossIncidents })
      await pass()
    }
    assert.deepEqual(happened, ['noticed 1', 'slashed loss', 'noticed 3', 'slashed loss'])
  })

  it('behavior: a loss that the oracles took back is not slashed', async () => {
    const { attest, pass, happened, market } = world([ORACLES[0]!])
    attest(10, { lossIncidents: 1 })
    await pass()
    attest(13, { lossIncidents: 0 })
    await pass()
    assert.deepEqual(happened, ['noticed 1'])
    assert.deepEqual(market.calls, ['noticeLoss'])
  })

  it('behavior: waits for its turn, and leaves it when another was first', async () => {
    const { attest, services, clock, market } = world()
    attest(10, { lossIncidents: 1 })
    for (const service of services) await service.once()
    // The first in turn has acted; the others find the window running.
    assert.deepEqual(market.calls, ['noticeLoss'])
    await clock.runTo(10_000)
    for (const service of services) await service.once()
    assert.equal(market.calls.filter((call) => call === 'noticeLoss').length, 3)
    attest(13, { lossIncidents: 1 })
    for (const service of services) await service.once()
    assert.equal(
      (await market.credit(address(0), ORACLES[0]!)) +
        (await market.credit(address(0), ORACLES[1]!)) +
        (await market.credit(address(0), ORACLES[2]!)),
      1n,
    )
  })

  it('behavior: a removed unit with reservations is slashed for abandonment, once', async () => {
    const { attest, pass, happened, market, unitId } = world()
    attest(10, { state: 'Removed' })
    await pass()
    assert.deepEqual(happened, [])
    market.changeUnit(unitId, { reservedBytes: 5n })
    attest(11, { state: 'Removed' })
    await pass()
    attest(12, { state: 'Removed' })
    await pass()
    assert.deepEqual(happened, ['slashed abandonment'])
  })

  it('error: a chain that is away is asked again at the next block', async () => {
    const { attest, pass, happened, market } = world([ORACLES[0]!])
    market.fault = new MarketError('unavailable', 'no answer')
    attest(10, { lossIncidents: 1 })
    await pass()
    assert.deepEqual(happened, [])
    market.fault = undefined
    await pass()
    assert.deepEqual(happened, ['noticed 1'])
  })

  it('error: nobody outside the set acts', async () => {
    const { attest, pass, market } = world([address(9)])
    attest(10, { lossIncidents: 1 })
    await pass()
    assert.deepEqual(market.calls, [])
  })
})
