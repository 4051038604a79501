/**
 * Leaves that will be needed again: a reservation that ended is settled by the first root at or behind its end and by no
 * later one, so its proof is kept on disk until the settlement is on chain. Bounded by the number of a provider's units.
 */
import { decodeCanonical, encodeCanonical, read } from '../../core/canonical-cbor.ts'
import { bytesToHex, type Epoch, hexToBytes, type UnitId } from '../../core/ids.ts'
import type { UnitLeaf } from '../../core/leaves.ts'
import type { KeyValueStore } from '../../core/ports/key-value-store.ts'
import type { UnitLeafProof } from '../../core/ports/market.ts'
import { UNIT_STATES } from '../../core/units.ts'

const MAX_RECORD_BYTES = 8 << 10
const PREFIX = 'settlement/leaf/'

export interface LeafShelf {
  get(unitId: UnitId, epoch: Epoch): Promise<UnitLeafProof | undefined>
  /** Durable once resolved. */
  put(proof: UnitLeafProof): Promise<void>
  /** Forgets the unit's leaves before `epoch`. */
  dropBefore(unitId: UnitId, epoch: Epoch): Promise<void>
}

export function createLeafShelf(store: KeyValueStore): LeafShelf {
  return {
    async get(unitId, epoch) {
      const bytes = await store.get(keyOf(unitId, epoch))
      return bytes && decode(bytes)
    },
    put: (proof) =>
      store.batch([{ type: 'put', key: keyOf(proof.leaf.unitId, proof.epoch), value: encode(proof) }], { sync: true }),
    async dropBefore(unitId, epoch) {
      const range = { gte: `${PREFIX}${unitId}/`, lt: keyOf(unitId, epoch) }
      const keys: string[] = []
      for await (const [key] of store.entries(range)) keys.push(key)
      if (keys.length > 0) await store.batch(keys.map((key) => ({ type: 'del', key })))
    },
  }
}

/** Epochs are 40 bits: 13 decimal digits sort as numbers. */
function keyOf(unitId: UnitId, epoch: Epoch): string {
  return `${PREFIX}${unitId}/${String(epoch).padStart(13, '0')}`
}

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

function encode({ leaf, proof, root }: UnitLeafProof): Uint8Array {
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

function decode(bytes: Uint8Array): UnitLeafProof {
  const [unitId, epoch, state, paidBpsSum, recordHash, numbers, proof, root] = read.tuple(
    decodeCanonical(bytes, MAX_RECORD_BYTES),
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
      state: UNIT_STATES[read.uint(state)]!,
      paidBpsSum: read.uint64(paidBpsSum),
      recordHash: bytesToHex(read.bytes(recordHash, 32)),
    },
    proof: read.list(proof, 64).map((sibling) => bytesToHex(read.bytes(sibling, 32))),
    epoch: at,
    root: bytesToHex(read.bytes(root, 32)),
  }
}
