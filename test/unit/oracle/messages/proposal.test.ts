import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hashIndexed } from '../../../../src/core/hash-list.ts'
import {
  checkProposal,
  decodeProposal,
  encodeProposal,
  type ProposalMessage,
} from '../../../../src/oracle/messages/proposal.ts'
import { permutation, proposerOf } from '../../../../src/oracle/permutation.ts'
import { EPOCH, oracles, word } from '../fixture.ts'

const set = oracles(7)
const proposer = proposerOf(set.facts.seed, EPOCH, 0, 7)
const INPUTS = [0, 1, 2, 4, 6].map((index) => ({ index, hash: word(index) }))

async function proposalOf(change: Partial<ProposalMessage> = {}): Promise<ProposalMessage> {
  const m = {
    setId: 1,
    epoch: EPOCH,
    attempt: 0,
    parentRoot: word('parent'),
    index: proposer,
    inputs: INPUTS,
    ...change,
  }
  const fields = { ...m, inputsHash: hashIndexed(m.inputs) }
  return { ...fields, signature: await set.signers[proposer]!.signDigest(set.digests.proposal(fields)) }
}

describe('proposal', () => {
  it('default', async () => {
    const m = await proposalOf()
    assert.deepEqual(decodeProposal(encodeProposal(m)), m)
    assert.equal(checkProposal(m, set.rules, undefined).verdict, 'accept')
  })

  it('error: each rule has its verdict and code', async () => {
    const judged = async (change: Partial<ProposalMessage>, held?: ProposalMessage) => {
      const checked = checkProposal(await proposalOf(change), set.rules, held)
      return checked.verdict === 'accept' ? 'accept' : `${checked.verdict} ${checked.code}`
    }
    const held = await proposalOf()
    assert.equal(await judged({ setId: 2 }), 'ignore wrong-set')
    assert.equal(await judged({ attempt: 3 }), 'ignore wrong-attempt')
    assert.equal(await judged({ index: (proposer + 1) % 7 }), 'ignore wrong-proposer')
    assert.equal(await judged({ inputs: INPUTS.slice(1) }), 'ignore too-few-inputs')
    assert.equal(await judged({ inputs: [...INPUTS, { index: 8, hash: word(8) }] }), 'ignore no-such-seat')
    assert.equal(await judged({}, held), 'ignore duplicate')
    assert.equal(
      await judged({ inputs: [...INPUTS.slice(0, 4), { index: 5, hash: word(5) }] }, held),
      'ignore equivocation',
    )
    const forged = { ...held, parentRoot: word('other') }
    const checked = checkProposal(forged, set.rules, undefined)
    assert.ok(checked.verdict === 'reject' && checked.code === 'bad-signature')
  })
})

describe('permutation', () => {
  it('default', () => {
    const order = permutation(word('seed'), 3, 31, 'propose', 0)
    assert.deepEqual(
      order.toSorted((a, b) => a - b),
      Array.from({ length: 31 }, (_, i) => i),
    )
  })

  it('behavior: attempts of one epoch have different proposers, and every node has its turn', () => {
    const first = new Map<number, number>()
    for (let epoch = 0; epoch < 700; epoch++) {
      const proposers = [0, 1, 2].map((attempt) => proposerOf(word('seed'), epoch, attempt, 7))
      assert.equal(new Set(proposers).size, 3)
      first.set(proposers[0]!, (first.get(proposers[0]!) ?? 0) + 1)
    }
    // 100 expected; five standard deviations are 46.
    for (let i = 0; i < 7; i++) assert.ok(Math.abs(first.get(i)! - 100) < 46, `node ${i}: ${first.get(i)}`)
  })
})
