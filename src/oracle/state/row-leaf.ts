/**
 * A unit's leaf hash straight from the table's columns. The same bytes as `unitLeafHash` of core/leaves.ts (a test compares
 * them), without the bigints and strings that cost a second for 100,000 units.
 */

import { keccak256 } from '../../core/keccak.ts'
import { LEAF_TAG } from '../../core/leaves.ts'
import { recordHash } from '../../scoring/record-codec.ts'
import type { UnitTable } from '../../scoring/unit-table.ts'

const WORDS = 17
const scratch = new Uint8Array(WORDS * 32)
const view = new DataView(scratch.buffer)

/** Writes an unsigned integer below 2^53 at the end of a word; the words' upper bytes stay zero. */
function put(word: number, value: number): void {
  const end = word * 32 + 32
  view.setUint32(end - 8, Math.floor(value / 2 ** 32))
  view.setUint32(end - 4, value >>> 0)
}

/** @param digest of the table's reporters. */
export function rowLeafHash(t: UnitTable, row: number, epoch: number, era: number, digest: Uint8Array): Uint8Array {
  put(0, LEAF_TAG.unit)
  scratch.set(t.ids.subarray(row * 32, row * 32 + 32), 32)
  put(2, epoch)
  put(3, era)
  put(4, t.state[row]!)
  put(5, t.metEpochs[row]!)
  put(6, t.missedEpochs[row]!)
  put(7, t.neutralEpochs[row]!)
  put(8, t.paidBpsSum[row]!)
  put(9, t.lossIncidents[row]!)
  put(10, t.scoreBps[row]!)
  put(11, t.availabilityPpm[row]!)
  put(12, t.ttfbP95Ms[row]!)
  put(13, t.downP10Kbps[row]!)
  put(14, t.upP10Kbps[row]!)
  put(15, t.samples[row]!)
  scratch.set(recordHash(t, row, digest), 16 * 32)
  return keccak256(keccak256(scratch))
}
