/** A proven leaf as bytes, for disks and peers. Nothing in it is believed: whoever reads it checks it against the chain. */
import { decodeCanonical, encodeCanonical, read } from '../core/canonical-cbor.ts'
import { bytesToHex, hexToBytes } from '../core/ids.ts'
import type { UnitLeaf } from '../core/leaves.ts'
import type { UnitLeafProof } from '../core/ports/market.ts'
import { UNIT_STATES } from '../core/units.ts'

/** 17 fields and a proof of at most 64 siblings. */
export const MAX_LEAF_PROOF_BYTES = 4 << 10

/** The leaf's fields after unit id, epoch and state, all unsigned. */
const NUMBERS = [
  'era',
  'metEpochs',
  'missedEpochs',
  'neutralEpochs',
  'lossIncidents',
  'scoreBps',
  'availabilityPpm',
  'ttfbP95Ms',
  'downP10Kbps',
  'upP10Kbps',
  'samples',
] as const satisfies readonly (keyof UnitLeaf)[]

export function encodeLeafProof({ leaf, proof, root }: UnitLeafProof): Uint8Array {
  return encodeCanonical([
    hexToBytes(leaf.unitId),
    leaf.epoch,
    UNIT_STATES.indexOf(leaf.state),
    leaf.paidBpsSum,
    hexToBytes(leaf.recordHash),
    NUMBERS.map((name) => leaf[name]),
    proof.map((sibling) => hexToBytes(sibling)),
    hexToBytes(root),
  ])
}

/** @throws {CodecError} */
export function decodeLeafProof(bytes: Uint8Array): UnitLeafProof {
  const [unitId, epoch, state, paidBpsSum, recordHash, numbers, proof, root] = read.tuple(
    decodeCanonical(bytes, MAX_LEAF_PROOF_BYTES),
    8,
  )
  const values = read.tuple(numbers, NUMBERS.length).map((value) => read.uint(value))
  const figures = Object.fromEntries(NUMBERS.map((name, i) => [name, values[i]!])) as Pick<
    UnitLeaf,
    (typeof NUMBERS)[number]
  >
  const at = read.uint(epoch)
  return {
    leaf: {
      ...figures,
      unitId: bytesToHex(read.bytes(unitId, 32)),
      epoch: at,
      state: UNIT_STATES[read.uint(state, UNIT_STATES.length - 1)]!,
      paidBpsSum: read.uint64(paidBpsSum),
      recordHash: bytesToHex(read.bytes(recordHash, 32)),
    },
    proof: read.list(proof, 64).map((sibling) => bytesToHex(read.bytes(sibling, 32))),
    epoch: at,
    root: bytesToHex(read.bytes(root, 32)),
  }
}
