/** Leaves on disk come back as they went in, and go when they are not needed. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLeafShelf } from '../../../../src/provider/settlement/leaf-shelf.ts'
import { address, leafOf, MarketTwin, termsOf } from '../../../support/market/market-twin.ts'
import { MemoryStore } from '../../../support/market/memory-store.ts'

const never = new AbortController().signal

describe('createLeafShelf', () => {
  it('default: every field survives', async () => {
    const market = new MarketTwin()
    const a = market.addUnit(termsOf(address(1)))
    const b = market.addUnit(termsOf(address(2)))
    market.attest(9, [leafOf(a, 9, { era: 2, paidBpsSum: 2n ** 63n, lossIncidents: 4 }), leafOf(b, 9, { era: 2 })])
    const proof = (await market.leaves.unitProof(a, 9, never))!
    const store = new MemoryStore()
    await createLeafShelf(store).put(proof)
    assert.deepEqual(await createLeafShelf(store).get(a, 9), proof)
    assert.equal(await createLeafShelf(store).get(b, 9), undefined)
  })

  it("behavior: drops the unit's older leaves only, in the order of numbers", async () => {
    const market = new MarketTwin()
    const a = market.addUnit(termsOf(address(1)))
    const b = market.addUnit(termsOf(address(2)))
    const store = new MemoryStore()
    const shelf = createLeafShelf(store)
    for (const epoch of [9, 10, 11]) {
      market.attest(epoch, [leafOf(a, epoch), leafOf(b, epoch)])
      for (const unit of [a, b]) await shelf.put((await market.leaves.unitProof(unit, epoch, never))!)
    }
    await shelf.dropBefore(a, 10)
    assert.equal(await shelf.get(a, 9), undefined)
    assert.ok(await shelf.get(a, 10))
    assert.ok(await shelf.get(b, 9))
    assert.equal(store.size, 5)
  })
})
