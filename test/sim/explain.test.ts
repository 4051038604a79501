/** A unit's report from the evidence that simulated nodes signed and kept: the attested numbers, and nobody else's failures. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Hex } from '../../src/core/ids.ts'
import { decodeRevealHeader } from '../../src/oracle/messages/reveal-header.ts'
import { replayEpoch } from '../../src/oracle/replay.ts'
import { OracleState } from '../../src/oracle/state/state.ts'
import { StateStore } from '../../src/oracle/state/store.ts'
import { reportFromEvidence } from '../../src/provider/explain/from-evidence.ts'
import { reportLines } from '../../src/provider/explain/report-text.ts'
import { quietOptions } from './options.ts'
import { World } from './world.ts'

describe('reportFromEvidence', () => {
  it('default: what was attested about each unit, with the failures behind it', async () => {
    const world = new World(quietOptions('explain', 7, 8))
    await world.run()
    assert.deepEqual(world.violations, [])
    const disk = new StateStore(world.nodes[0]!.disk.open().store, 100)
    let state = OracleState.empty()
    const failures = [0, 0, 0]
    let explained = 0
    const accepted = [...world.checkers.accepted.values()].sort((a, b) => a.header.epoch - b.header.epoch)
    for (const { header } of accepted) {
      const bundle = await disk.bundle(header.epoch)
      // The last root may not be final yet.
      if (!bundle) break
      const facts = world.chain.factsOf(header.epoch, decodeRevealHeader(bundle.reveals[0]!.header).blockHash)!
      const { evaluation } = replayEpoch(bundle, state, facts, world.digests)
      assert.equal(evaluation.state.root, header.root)
      for (const position of failures.keys()) {
        const unitId = world.unitOf(position)
        const report = reportFromEvidence(bundle, state, facts, world.digests, unitId)
        const leaf = evaluation.state.unitLeaf(evaluation.state.rowOf(unitId))
        assert.equal(report.explanation.scoreBps, leaf.scoreBps)
        assert.equal(report.explanation.state, leaf.state)
        const before = state.rowOf(unitId) < 0 ? 0n : state.unitLeaf(state.rowOf(unitId)).paidBpsSum
        assert.equal(BigInt(report.explanation.paidBps), leaf.paidBpsSum - before)
        failures[position]! += report.failures.filter(({ fault }) => fault === 'provider').length
        assert.ok(reportLines(report).length > 10)
        explained += 1
      }
      assert.throws(
        () => reportFromEvidence(bundle, state, facts, world.digests, `0x${'ee'.repeat(32)}` as Hex),
        RangeError,
      )
      state = evaluation.state
    }
    assert.ok(explained >= 15)
    assert.equal(failures[0], 0)
    assert.ok(failures[2]! > failures[1]!, `${failures}`)
  })
})
