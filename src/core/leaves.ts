/** The leaves of an attested root (docs/protocol.md 2). */
import { encodeWords } from './abi.ts'
import type { Address, Epoch, Hash32, UnitId } from './ids.ts'
import { keccak256 } from './keccak.ts'
import { UNIT_STATES, type UnitState } from './units.ts'

export const LEAF_TAG = { unit: 1, oracle: 2, verdict: 3 } as const

/** Cumulative: two leaves of one unit tell what happened between their epochs. */
export interface UnitLeaf {
  unitId: UnitId
  epoch: Epoch
  era: number
  state: UnitState
  metEpochs: number
  missedEpochs: number
  neutralEpochs: number
  /** Σ of the paid basis points of all epochs, 10 000 a fully paid one. */
  paidBpsSum: bigint
  lossIncidents: number
  scoreBps: number
  availabilityPpm: number
  ttfbP95Ms: number
  downP10Kbps: number
  upP10Kbps: number
  /** TTFB samples behind the latency claim. */
  samples: number
  recordHash: Hash32
}

export interface OracleLeaf {
  node: Address
  epoch: Epoch
  era: number
  points: bigint
  recordHash: Hash32
}

/** Double-hashed, so that no inner node of the tree can pass for a leaf. */
function leafHash(encoded: Uint8Array): Uint8Array {
  return keccak256(keccak256(encoded))
}

export function unitLeafHash(l: UnitLeaf): Uint8Array {
  return leafHash(
    encodeWords([
      LEAF_TAG.unit,
      l.unitId,
      l.epoch,
      l.era,
      UNIT_STATES.indexOf(l.state),
      l.metEpochs,
      l.missedEpochs,
      l.neutralEpochs,
      l.paidBpsSum,
      l.lossIncidents,
      l.scoreBps,
      l.availabilityPpm,
      l.ttfbP95Ms,
      l.downP10Kbps,
      l.upP10Kbps,
      l.samples,
      l.recordHash,
    ]),
  )
}

export function oracleLeafHash(l: OracleLeaf): Uint8Array {
  return leafHash(encodeWords([LEAF_TAG.oracle, l.node, l.epoch, l.era, l.points, l.recordHash]))
}
