/** Leaves against a chain that has real roots: what proves, what does not, and which root settles what. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { UnitLeafProof } from '../../../src/core/ports/market.ts'
import { checkLeaf, provenLeaf, settlingAttestation } from '../../../src/market/leaf-check.ts'
import { address, leafOf, MarketTwin, termsOf } from '../../support/market/market-twin.ts'

const never = new AbortController().signal

async function market(epochs: readonly number[]) {
  const twin = new MarketTwin()
  const a = twin.addUnit(termsOf(address(1)))
  const b = twin.addUnit(termsOf(address(2)))
  for (const epoch of epochs) twin.finalize(epoch, [leafOf(a, epoch), leafOf(b, epoch, { paidBpsSum: 3n })])
  const proof = async (epoch: number) => (await twin.leaves.unitProof(a, epoch, never)) as UnitLeafProof
  return { twin, a, b, proof }
}

describe('checkLeaf', () => {
  it('default', async () => {
    const { twin, a, proof } = await market([4, 6])
    const checked = checkLeaf(twin, a, await proof(6))
    assert.ok(typeof checked === 'object')
    assert.equal(checked.leaf.epoch, 6)
    assert.equal(checked.ringPrevEpoch, 4)
  })

  it('error: a number that was changed does not prove', async () => {
    const { twin, a, proof } = await market([4])
    const honest = await proof(4)
    const lie = { ...honest, leaf: { ...honest.leaf, paidBpsSum: honest.leaf.paidBpsSum + 1n } }
    assert.equal(checkLeaf(twin, a, lie), 'wrong-proof')
  })

  it("error: another unit's leaf, however well proven", async () => {
    const { twin, b, proof } = await market([4])
    assert.equal(checkLeaf(twin, b, await proof(4)), 'wrong-unit')
  })

  it('error: a root that the chain does not have, and another era', async () => {
    const { twin, a, proof } = await market([4])
    const honest = await proof(4)
    assert.equal(checkLeaf(twin, a, { ...honest, leaf: { ...honest.leaf, epoch: 5 } }), 'unknown-root')
    assert.equal(checkLeaf(twin, a, { ...honest, leaf: { ...honest.leaf, era: 1 } }), 'wrong-epoch')
  })

  it('error: a list of siblings longer than any tree is not hashed', async () => {
    const { twin, a, proof } = await market([4])
    const honest = await proof(4)
    const endless = { ...honest, proof: Array.from({ length: 40 }, () => honest.root) }
    assert.equal(checkLeaf(twin, a, endless), 'wrong-proof')
  })
})

describe('provenLeaf', () => {
  it('default: another epoch than was asked for is told and left', async () => {
    const { twin, a, proof } = await market([4, 5])
    const flaws: string[] = []
    const old = { unitProof: () => proof(4) }
    const modules = { market: twin, leaves: old, onFlaw: (flaw: string) => flaws.push(flaw) }
    assert.equal(await provenLeaf(modules, a, 5, never), undefined)
    assert.deepEqual(flaws, ['wrong-epoch'])
    assert.equal((await provenLeaf(modules, a, undefined, never))?.leaf.epoch, 4)
  })
})

describe('settlingAttestation', () => {
  it('default: the newest while the reservation runs', async () => {
    const { twin } = await market([4, 5, 8, 9])
    assert.equal(settlingAttestation(twin, twin.attestation(9)!, 12)?.header.epoch, 9)
    assert.equal(settlingAttestation(twin, twin.attestation(9)!, 9)?.header.epoch, 9)
  })

  it('behavior: the first at or behind the end, as the contract wants it', async () => {
    const { twin } = await market([4, 5, 8, 9])
    assert.equal(settlingAttestation(twin, twin.attestation(9)!, 8)?.header.epoch, 8)
    assert.equal(settlingAttestation(twin, twin.attestation(9)!, 6)?.header.epoch, 8)
    assert.equal(settlingAttestation(twin, twin.attestation(9)!, 5)?.header.epoch, 5)
  })

  it('error: none when that root is not kept any more', async () => {
    const { twin } = await market([4, 5000])
    assert.equal(settlingAttestation(twin, twin.attestation(5000)!, 3), undefined)
  })
})
