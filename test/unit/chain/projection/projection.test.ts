/** The fold as a whole: reorgs leave no trace, settled rows restore it, caps hold. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ContractEvent } from '../../../../src/chain/events.ts'
import { decodeValue, encodeValue } from '../../../../src/chain/follower/value-codec.ts'
import { MAX_ATTESTATIONS, Projection, type SettledRow } from '../../../../src/chain/projection/projection.ts'
import type { Address, Hash32 } from '../../../../src/core/ids.ts'
import { keccak256Hex } from '../../../../src/core/keccak.ts'

const clock = { genesis: 0, epochSeconds: 10 }
const hash = (i: number): Hash32 => keccak256Hex(Uint8Array.of(i >> 16, (i >> 8) & 255, i & 255))
const address = (i: number) => `0x${i.toString(16).padStart(40, '0')}` as Address
const place = (block: number) => ({ block, timestamp: block, txHash: hash(block) })

const attestation = (epoch: number, prevEpoch: number) =>
  ({
    eventName: 'AttestationAccepted',
    args: {
      epoch,
      prevEpoch,
      setId: 1n,
      attempt: 0,
      root: hash(epoch),
      unitCount: 0,
      inputsHash: hash(0),
      signers: 7,
    },
  }) as ContractEvent

const story: ContractEvent[] = [
  { eventName: 'AnchorAnnounced', args: { node: address(2), value: hash(1), baseEpoch: 3 } },
  { eventName: 'OracleRegistered', args: { operator: address(1), node: address(2), bond: 5n } },
  { eventName: 'CandidateChanged', args: { operator: address(1), seated: true } },
  { eventName: 'BondChanged', args: { operator: address(1), bond: 9n } },
  { eventName: 'SetAnnounced', args: { setId: 1n, firstEpoch: 0, quorum: 3, nodes: [address(2)] } },
  { eventName: 'Deposited', args: { token: address(9), account: address(1), amount: 4n } },
  attestation(1, 0),
  { eventName: 'Withdrawn', args: { token: address(9), account: address(1), to: address(1), amount: 3n } },
  attestation(3, 1),
] as ContractEvent[]

const told = (events: readonly ContractEvent[]) => {
  const projection = new Projection(clock)
  for (const [i, event] of events.entries()) projection.apply(event, place(i + 1))
  return projection
}
const stateOf = (projection: Projection, block: number) => {
  const view = projection.view(block)
  return [view.oracles(), view.sets(), view.totals(), view.attestations(9)]
}

describe('Projection', () => {
  it('default', () => {
    const [oracles, sets, totals, attestations] = stateOf(told(story), 99)
    assert.equal(oracles?.length, 1)
    assert.equal(sets?.length, 1)
    assert.deepEqual(totals, [{ token: address(9), deposited: 4n, withdrawn: 3n, paid: 0n, refunded: 0n }])
    assert.equal(attestations?.length, 2)
  })

  it('behavior: at any block it is what the events up to there make of it', () => {
    const all = told(story)
    for (let block = 0; block <= story.length; block++)
      assert.deepEqual(stateOf(all, block), stateOf(told(story.slice(0, block)), 99), `block ${block}`)
  })

  it('behavior: a reorg leaves no trace', () => {
    for (let fork = 0; fork <= story.length; fork++) {
      const projection = told(story)
      projection.rollback(fork)
      assert.deepEqual(stateOf(projection, 99), stateOf(told(story.slice(0, fork)), 99))
      for (const [i, event] of story.slice(fork).entries()) projection.apply(event, place(fork + i + 1))
      assert.deepEqual(stateOf(projection, 99), stateOf(told(story), 99))
    }
  })

  it('behavior: settled rows and the events above them restore it', () => {
    for (let settled = 0; settled <= story.length; settled++) {
      const first = told(story)
      const rows = decodeValue(encodeValue(first.prune(settled))) as SettledRow[]
      const second = new Projection(clock)
      for (const { table, key, value } of rows) second.restore(table, key, settled, value)
      for (const [i, event] of story.slice(settled).entries()) second.apply(event, place(settled + i + 1))
      assert.deepEqual(stateOf(second, 99), stateOf(told(story), 99), `settled at ${settled}`)
      assert.deepEqual(stateOf(first, 99), stateOf(second, 99))
    }
  })

  it('behavior: the oldest attestations leave at the cap, the newest stay linked', () => {
    const projection = new Projection(clock)
    const count = MAX_ATTESTATIONS + 20
    for (let epoch = 0; epoch < count; epoch++)
      projection.apply(attestation(epoch, Math.max(0, epoch - 1)), place(epoch))
    const dropped = projection.prune(count).filter(({ value }) => value === undefined)
    assert.deepEqual(
      dropped.map(({ key }) => Number(key)),
      Array.from({ length: 20 }, (_, epoch) => epoch),
    )
    assert.equal(projection.view(count).attestation(19), undefined)
    assert.equal(projection.view(count).attestations(1e6).length, MAX_ATTESTATIONS)
  })
})
