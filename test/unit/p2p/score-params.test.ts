import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  decayFor,
  deriveScore,
  INVALID_TO_GRAYLIST,
  type MeshScore,
  steadyState,
  THRESHOLDS,
} from '../../../src/p2p/score-params.ts'

const TOPICS = { commit: 1, reveal: 1, 'advert/0': 50, 'advert/1': 50, offer: 5 }

interface Behaviour {
  /** Counters that P1, P2 and P4 of one topic start from, as gossipsub keeps them. */
  firstPerSecond?: number
  invalidPerSecond?: number
}

/** The score that gossipsub computes after `seconds` of a behaviour on one topic (its formula, without P3 and P5–P7). */
function scoreAfter(
  score: MeshScore,
  topic: string,
  seconds: number,
  { firstPerSecond = 0, invalidPerSecond = 0 }: Behaviour,
): number {
  const t = score.topics[topic]!
  let first = 0
  let invalid = 0
  for (let second = 0; second < seconds; second++) {
    first = Math.min(t.firstMessageDeliveriesCap, first * t.firstMessageDeliveriesDecay + firstPerSecond)
    invalid = invalid * t.invalidMessageDeliveriesDecay + invalidPerSecond
  }
  const inMesh = Math.min((seconds * 1_000) / t.timeInMeshQuantum, t.timeInMeshCap)
  const total =
    t.timeInMeshWeight * inMesh +
    t.firstMessageDeliveriesWeight * first +
    t.invalidMessageDeliveriesWeight * invalid ** 2
  return t.topicWeight * total
}

describe('deriveScore', () => {
  const score = deriveScore(TOPICS, false)

  it('default', () => {
    assert.deepEqual(Object.keys(score.topics), Object.keys(TOPICS))
    assert.ok(score.topicScoreCap > 0)
  })

  it('behavior: an honest peer that says nothing never loses', () => {
    for (const topic of Object.keys(TOPICS))
      for (const seconds of [0, 5, 60, 3_600, 86_400]) assert.ok(scoreAfter(score, topic, seconds, {}) >= 0)
    for (const topic of Object.values(score.topics)) {
      assert.equal(topic.meshMessageDeliveriesWeight, 0)
      assert.equal(topic.meshFailurePenaltyWeight, 0)
    }
  })

  it('behavior: what a peer earns on all topics together stays within the cap', () => {
    const earned = Object.entries(TOPICS).map(([topic, rate]) =>
      scoreAfter(score, topic, 86_400, { firstPerSecond: rate }),
    )
    const total = earned.reduce((sum, each) => sum + each)
    assert.ok(total <= score.topicScoreCap + 1e-9 && total > score.topicScoreCap / 2, String(total))
  })

  it('behavior: that many invalid messages end at the graylist whatever was earned, one less does not', () => {
    for (const t of Object.values(score.topics)) {
      const after = (count: number) => score.topicScoreCap + t.invalidMessageDeliveriesWeight * count ** 2
      assert.ok(after(INVALID_TO_GRAYLIST) <= THRESHOLDS.graylistThreshold)
      assert.ok(after(INVALID_TO_GRAYLIST - 1) > THRESHOLDS.graylistThreshold)
    }
  })

  it('behavior: one invalid message in ten minutes is forgiven, one a minute is not for long', () => {
    const invalid = (perSecond: number) => scoreAfter(score, 'commit', 3_600, { invalidPerSecond: perSecond })
    assert.ok(invalid(1 / 600) > THRESHOLDS.gossipThreshold)
    assert.ok(invalid(1 / 60) < THRESHOLDS.gossipThreshold)
  })

  it('behavior: a topic of a message a minute earns its cap as one of fifty a second does', () => {
    const rare = deriveScore({ rare: 1 / 60, busy: 50 }, false)
    const each = [
      scoreAfter(rare, 'rare', 3_600, { firstPerSecond: 1 / 60 }),
      scoreAfter(rare, 'busy', 3_600, { firstPerSecond: 50 }),
    ]
    assert.ok(each[0]! > 0.4 * each[1]!, String(each))
  })

  it('behavior: behind one shared address nobody is punished for it', () => {
    assert.equal(deriveScore(TOPICS, true).IPColocationFactorWeight, 0)
    assert.ok(score.IPColocationFactorWeight < 0)
  })

  it('behavior: thresholds fall in order', () => {
    assert.ok(0 > THRESHOLDS.gossipThreshold)
    assert.ok(THRESHOLDS.gossipThreshold > THRESHOLDS.publishThreshold)
    assert.ok(THRESHOLDS.publishThreshold > THRESHOLDS.graylistThreshold)
  })

  it('behavior: decay halves in its half-life and settles where it should', () => {
    assert.ok(Math.abs(decayFor(60_000, 1_000) ** 60 - 0.5) < 1e-12)
    let counter = 0
    const decay = decayFor(10_000, 1_000)
    for (let i = 0; i < 1_000; i++) counter = counter * decay + 3
    assert.ok(Math.abs(counter - steadyState(3, decay, 1_000)) < 1e-6)
  })
})
