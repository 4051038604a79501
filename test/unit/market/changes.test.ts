/** Waiting for the market: nothing is missed, nothing is left behind. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { followChanges, untilMarket } from '../../../src/market/changes.ts'
import { perBlock } from '../../../src/market/per-block.ts'
import { settle } from '../../support/market/manual-clock.ts'
import { MarketTwin } from '../../support/market/market-twin.ts'

describe('followChanges', () => {
  it('default: a change between looking and waiting wakes at once', async () => {
    const twin = new MarketTwin()
    using feed = followChanges(twin)
    const { seen } = feed
    twin.mine()
    await feed.after(seen, new AbortController().signal)
  })

  it('behavior: changes that do not match do not wake', async () => {
    const twin = new MarketTwin()
    using feed = followChanges(twin, (change) => change.kind === 'unit')
    twin.mine()
    assert.equal(feed.seen, 0)
  })

  it('error: an aborted wait rejects with the reason and leaves no listener', async () => {
    const twin = new MarketTwin()
    const abort = new AbortController()
    const waiting = untilMarket(twin, () => undefined, abort.signal)
    abort.abort(new Error('enough'))
    await assert.rejects(waiting, /enough/)
    assert.equal(twin.watchers, 0)
  })
})

describe('perBlock', () => {
  it('default: once at the start and for every block, never twice at a time', async () => {
    const twin = new MarketTwin()
    let running = 0
    let most = 0
    let runs = 0
    const work = async () => {
      running += 1
      most = Math.max(most, running)
      runs += 1
      await settle()
      running -= 1
    }
    const blocks = perBlock(twin, work, (error) => assert.fail(String(error)))
    blocks.start()
    await settle()
    // Three blocks within one run are one more run.
    twin.mine(3)
    await blocks.once()
    await blocks.stop()
    assert.equal(most, 1)
    assert.equal(runs, 2)
    assert.equal(twin.watchers, 0)
  })

  it('error: a failed run is told, and the next block runs again', async () => {
    const twin = new MarketTwin()
    const errors: unknown[] = []
    let runs = 0
    const work = async () => {
      runs += 1
      if (runs === 1) throw new Error('once')
    }
    const blocks = perBlock(twin, work, (error) => errors.push(error))
    blocks.start()
    await settle()
    twin.mine()
    await settle()
    await blocks.stop()
    assert.equal(errors.length, 1)
    assert.equal(runs, 2)
  })
})
