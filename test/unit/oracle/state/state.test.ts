import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { commitHashOf, hashIndexed } from '../../../../src/core/hash-list.ts'
import { bytesToHex, type Hash32 } from '../../../../src/core/ids.ts'
import { oracleLeafHash, unitLeafHash } from '../../../../src/core/leaves.ts'
import { MerkleTree, rootOfProof } from '../../../../src/core/merkle.ts'
import { batchHash, encodeBatch, toColumns } from '../../../../src/oracle/batch.ts'
import { OracleError } from '../../../../src/oracle/errors.ts'
import { countingReveals, evaluate, type NamedReveal } from '../../../../src/oracle/evaluate.ts'
import { decodeBundle, encodeBundle } from '../../../../src/oracle/evidence.ts'
import { encodeRevealHeader } from '../../../../src/oracle/messages/reveal-header.ts'
import { firstLeafDifference, replayEpoch, replayRange } from '../../../../src/oracle/replay.ts'
import { decodeState, encodeState } from '../../../../src/oracle/state/codec.ts'
import { OracleState } from '../../../../src/oracle/state/state.ts'
import { address, EPOCH, type Oracles, oracles, revealOf, unit, word } from '../fixture.ts'

const set = oracles(4, [unit(1), unit(2), unit(3, { operator: address(102) })])

/** All four reveal what they saw; everybody saw everybody's commit unless told otherwise. */
async function revealsOf(
  o: Oracles,
  sees: (witness: number, of: number) => boolean = () => true,
): Promise<NamedReveal[]> {
  const batches = o.signers.map((_, i) =>
    encodeBatch(
      toColumns(
        o.facts.units.map((_, u) => ({
          unit: u,
          task: 'read',
          result: u === 1 ? { outcome: 'http-5xx', ttfbMs: 0, kbps: 0 } : { outcome: 'ok', ttfbMs: 20 + i, kbps: 9000 },
        })),
      ),
    ),
  )
  const commits = batches.map((batch, index) => ({
    index,
    hash: commitHashOf(batchHash(batch), word(`salt ${index}`), o.signers[index]!.address, EPOCH),
  }))
  return Promise.all(
    batches.map(async (batch, i) => ({
      batch,
      header: await revealOf(o, i, (m) => ({
        ...m,
        batchHash: batchHash(batch),
        seen: commits.filter(({ index }) => index === i || sees(i, index)),
      })),
    })),
  )
}

describe('evaluation', () => {
  it('default', async () => {
    const { state, counting } = evaluate(OracleState.empty(), set.facts, 0, await revealsOf(set))
    assert.deepEqual(counting, [0, 1, 2, 3])
    assert.equal(state.unitCount, 3)
    assert.equal(state.unitLeaf(0).metEpochs, 1)
    assert.equal(state.unitLeaf(1).missedEpochs, 1)
    assert.ok(state.oracleLeaves().every((leaf) => leaf.points === 1n))
  })

  it('behavior: the order of the reveals does not matter', async () => {
    const reveals = await revealsOf(set)
    const root = evaluate(OracleState.empty(), set.facts, 0, reveals).state.root
    assert.equal(evaluate(OracleState.empty(), set.facts, 0, reveals.toReversed()).state.root, root)
  })

  it('behavior: a reveal counts with f + 1 witnesses, and a witness need not count itself', async () => {
    // f = 1: node 3 is seen by itself alone, node 2 by itself and by node 3.
    const reveals = await revealsOf(set, (witness, of) => (of === 3 ? false : of === 2 ? witness === 3 : true))
    assert.deepEqual(
      countingReveals(set.facts, reveals).map(({ header }) => header.index),
      [0, 1, 2],
    )
  })

  it('behavior: a malformed batch counts as not revealed', async () => {
    const reveals = await revealsOf(set)
    reveals[1] = { ...reveals[1]!, batch: Uint8Array.of(1, 2, 3) }
    assert.deepEqual(evaluate(OracleState.empty(), set.facts, 0, reveals).counting, [0, 2, 3])
  })
})

describe('state', () => {
  const evaluated = async () => evaluate(OracleState.empty(), set.facts, 0, await revealsOf(set)).state

  it('default', async () => {
    const state = await evaluated()
    const leaves = [0, 1, 2].map((row) => unitLeafHash(state.unitLeaf(row)))
    const tree = new MerkleTree([...leaves, ...state.oracleLeaves().map(oracleLeafHash)])
    assert.equal(state.root, tree.root)
  })

  it('behavior: every leaf has a proof under the root', async () => {
    const state = await evaluated()
    for (let row = 0; row < 3; row++) {
      assert.equal(rootOfProof(unitLeafHash(state.unitLeaf(row)), state.unitProof(row)), state.root)
      assert.equal(state.rowOf(state.unitId(row)), row)
    }
    for (const leaf of state.oracleLeaves())
      assert.equal(rootOfProof(oracleLeafHash(leaf), state.oracleProof(leaf.node)!), state.root)
    assert.equal(state.rowOf(unit(9).id), -1)
  })

  it('behavior: a snapshot has the same root and goes on the same way', async () => {
    const state = await evaluated()
    const copy = decodeState(encodeState(state))
    assert.equal(copy.root, state.root)
    const next = { ...set.facts, epoch: EPOCH + 3 }
    assert.equal(evaluate(copy, next, 0, []).state.root, evaluate(state, next, 0, []).state.root)
  })

  it('error: a damaged snapshot is refused or has another root', async () => {
    const state = await evaluated()
    const bytes = encodeState(state)
    let refused = 0
    for (let i = 0; i < bytes.length; i += 11) {
      const broken = bytes.slice()
      broken[i]! ^= 0x10
      try {
        assert.notEqual(decodeState(broken).root, state.root, `byte ${i}`)
      } catch (error) {
        assert.ok(error instanceof OracleError, `byte ${i}: ${String(error)}`)
        refused++
      }
    }
    assert.ok(refused > 0)
  })
})

describe('replay', () => {
  const bundleOf = async () => {
    const reveals = await revealsOf(set)
    const { state } = evaluate(OracleState.empty(), set.facts, 0, reveals)
    const inputs = reveals.map(({ header }) => ({ index: header.index, hash: set.digests.revealHeader(header) }))
    const header = {
      epoch: EPOCH,
      setId: 1,
      attempt: 0,
      parentRoot: bytesToHex(new Uint8Array(32)) as Hash32,
      root: state.root,
      unitCount: 3,
      inputsHash: hashIndexed(inputs),
      paramsHash: set.facts.paramsHash,
      evaluatorVersion: 1,
    }
    const evidence = reveals.map((r) => ({ header: encodeRevealHeader(r.header), batch: r.batch }))
    return { header, parentEpoch: undefined, reveals: evidence }
  }

  it('default', async () => {
    const bundle = decodeBundle(encodeBundle(await bundleOf()))
    assert.deepEqual(replayEpoch(bundle, OracleState.empty(), set.facts, set.digests).differences, [])
  })

  it('behavior: a wrong root is named', async () => {
    const bundle = await bundleOf()
    const lie = { ...bundle, header: { ...bundle.header, root: word('lie') } }
    const { differences, evaluation } = replayEpoch(lie, OracleState.empty(), set.facts, set.digests)
    assert.deepEqual(differences, [{ field: 'root', expected: word('lie'), found: bundle.header.root }])
    const other = evaluate(OracleState.empty(), set.facts, 0, []).state
    assert.equal(firstLeafDifference(evaluation.state, other)?.unitId, evaluation.state.unitId(0))
    assert.equal(firstLeafDifference(evaluation.state, evaluation.state), undefined)
  })

  it('behavior: a range ends at the first epoch that differs', async () => {
    const bundle = await bundleOf()
    const lie = { ...bundle, header: { ...bundle.header, unitCount: 8 } }
    const fields: string[][] = []
    const step = { facts: set.facts, era: 0 }
    for await (const { differences } of replayRange(
      OracleState.empty(),
      [
        { ...step, bundle: lie },
        { ...step, bundle },
      ],
      set.digests,
    ))
      fields.push(differences.map(({ field }) => field))
    assert.deepEqual(fields, [['unitCount']])
  })

  it('error: exchanged evidence, or other facts', async () => {
    const bundle = await bundleOf()
    const swapped = { ...bundle, reveals: bundle.reveals.slice(1) }
    assert.throws(() => replayEpoch(swapped, OracleState.empty(), set.facts, set.digests), OracleError)
    const broken = { ...bundle, reveals: bundle.reveals.map((r) => ({ ...r, batch: Uint8Array.of(1) })) }
    assert.throws(() => replayEpoch(broken, OracleState.empty(), set.facts, set.digests), OracleError)
    const facts = { ...set.facts, block: { ...set.facts.block, hash: word('fork') } }
    assert.throws(() => replayEpoch(bundle, OracleState.empty(), facts, set.digests), /reorg/)
  })
})
