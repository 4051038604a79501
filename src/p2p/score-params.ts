/**
 * Peer-score parameters, derived instead of guessed (docs/mesh.md "Peer scores"). Pure. All times are milliseconds.
 *
 * The aims: (a) an honest peer that says nothing never falls below 0; (b) a peer that sends `INVALID_TO_GRAYLIST`
 * messages that were rejected within one half-life is not read any more, whatever it earned before; (c) what a peer can
 * earn is capped, so that good behaviour can't be saved up and spent on an attack.
 */

export interface TopicScore {
  topicWeight: number
  timeInMeshWeight: number
  timeInMeshQuantum: number
  timeInMeshCap: number
  firstMessageDeliveriesWeight: number
  firstMessageDeliveriesDecay: number
  firstMessageDeliveriesCap: number
  meshMessageDeliveriesWeight: number
  meshMessageDeliveriesDecay: number
  meshMessageDeliveriesCap: number
  meshMessageDeliveriesThreshold: number
  meshMessageDeliveriesWindow: number
  meshMessageDeliveriesActivation: number
  meshFailurePenaltyWeight: number
  meshFailurePenaltyDecay: number
  invalidMessageDeliveriesWeight: number
  invalidMessageDeliveriesDecay: number
}

export interface MeshScore {
  topics: Record<string, TopicScore>
  topicScoreCap: number
  appSpecificWeight: number
  IPColocationFactorWeight: number
  IPColocationFactorThreshold: number
  behaviourPenaltyWeight: number
  behaviourPenaltyThreshold: number
  behaviourPenaltyDecay: number
  decayInterval: number
  decayToZero: number
  retainScore: number
}

export interface ScoreThresholds {
  gossipThreshold: number
  publishThreshold: number
  graylistThreshold: number
  acceptPXThreshold: number
  opportunisticGraftThreshold: number
}

/** Below gossip: no IHAVE either way. Below publish: nothing of ours is sent to it. Below graylist: nothing is read. */
export const THRESHOLDS: ScoreThresholds = {
  gossipThreshold: -40,
  publishThreshold: -60,
  graylistThreshold: -80,
  // Peer exchange through gossipsub is off: ours carries signed peer records.
  acceptPXThreshold: 0,
  opportunisticGraftThreshold: 2,
}

/** What good behaviour can be worth over all topics. */
const POSITIVE_CAP = 10
/** Rejected messages on one topic that cost a peer with the highest score its place. */
export const INVALID_TO_GRAYLIST = 8
const INVALID_HALF_LIFE_MS = 5 * 60_000
const FIRST_DELIVERY_HALF_LIFE_MS = 60_000
const BEHAVIOUR_HALF_LIFE_MS = 60_000
/** Broken IWANT promises and early re-grafts that an honest but overloaded node may have behind it. */
const BEHAVIOUR_ALLOWANCE = 10
/** Beyond the allowance, this many more end at the graylist. */
const BEHAVIOUR_TO_GRAYLIST = 6
const DECAY_INTERVAL_MS = 1_000
const MINUTE_MS = 60_000

/** The factor by which a counter shrinks every `intervalMs` so that it halves in `halfLifeMs`. */
export function decayFor(halfLifeMs: number, intervalMs: number): number {
  return 0.5 ** (intervalMs / halfLifeMs)
}

/** Where a counter that grows by `perSecond` settles under that decay. */
export function steadyState(perSecond: number, decay: number, intervalMs: number): number {
  return (perSecond * intervalMs) / 1_000 / (1 - decay)
}

/**
 * @param topics name → honest messages a second in the whole network.
 * @param sharedIp true where many nodes stand behind one address (a devnet): the colocation penalty is off then,
 * because with more than its threshold of loopback peers it isolates everybody.
 */
export function deriveScore(topics: Readonly<Record<string, number>>, sharedIp: boolean): MeshScore {
  const share = POSITIVE_CAP / Math.max(1, Object.keys(topics).length)
  return {
    topics: Object.fromEntries(Object.entries(topics).map(([name, rate]) => [name, topicScore(rate, share)])),
    topicScoreCap: POSITIVE_CAP,
    appSpecificWeight: 1,
    IPColocationFactorWeight: sharedIp ? 0 : -5,
    // Two households or one small data centre; the square beyond it passes the graylist at 4 more.
    IPColocationFactorThreshold: 8,
    behaviourPenaltyThreshold: BEHAVIOUR_ALLOWANCE,
    behaviourPenaltyWeight: (THRESHOLDS.graylistThreshold - POSITIVE_CAP) / BEHAVIOUR_TO_GRAYLIST ** 2,
    behaviourPenaltyDecay: decayFor(BEHAVIOUR_HALF_LIFE_MS, DECAY_INTERVAL_MS),
    decayInterval: DECAY_INTERVAL_MS,
    decayToZero: 0.01,
    // Reconnecting does not wash a score: counters of a gone peer are kept until they would have decayed by themselves.
    retainScore: 6 * INVALID_HALF_LIFE_MS,
  }
}

/** @param share the most that P1 and P2 of this topic can add together. */
function topicScore(messagesPerSecond: number, share: number): TopicScore {
  const firstDecay = decayFor(FIRST_DELIVERY_HALF_LIFE_MS, DECAY_INTERVAL_MS)
  // With D = 6 mesh peers a fair peer is first with every sixth message; twice that earns the cap.
  const firstCap = Math.max(1, (2 / 6) * steadyState(messagesPerSecond, firstDecay, DECAY_INTERVAL_MS))
  return {
    topicWeight: 1,
    timeInMeshQuantum: MINUTE_MS,
    timeInMeshCap: 60,
    timeInMeshWeight: (0.2 * share) / 60,
    firstMessageDeliveriesDecay: firstDecay,
    firstMessageDeliveriesCap: firstCap,
    firstMessageDeliveriesWeight: (0.8 * share) / firstCap,
    // P3 and P3b off: a topic with a message every few minutes gives nobody the chance to deliver enough.
    meshMessageDeliveriesWeight: 0,
    meshMessageDeliveriesDecay: 0.5,
    meshMessageDeliveriesCap: 1,
    meshMessageDeliveriesThreshold: 1,
    meshMessageDeliveriesWindow: 10,
    meshMessageDeliveriesActivation: 1_000,
    meshFailurePenaltyWeight: 0,
    meshFailurePenaltyDecay: 0.5,
    // P4 is weight × counter²; the cap earned before is overcome too.
    invalidMessageDeliveriesWeight: (THRESHOLDS.graylistThreshold - POSITIVE_CAP) / INVALID_TO_GRAYLIST ** 2,
    invalidMessageDeliveriesDecay: decayFor(INVALID_HALF_LIFE_MS, DECAY_INTERVAL_MS),
  }
}
