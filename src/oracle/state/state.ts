/**
 * The state under a root: one row a unit, points of the oracles, and the tree over their leaves (docs/protocol.md 2).
 * Immutable once made.
 */
import type { OracleSeat } from '../../core/chain-facts.ts'
import { type Address, bytesToHex, type Epoch, type Hash32, type UnitId } from '../../core/ids.ts'
import { type OracleLeaf, oracleLeafHash, type UnitLeaf } from '../../core/leaves.ts'
import { MerkleTree } from '../../core/merkle.ts'
import { UNIT_STATES } from '../../core/units.ts'
import { recordHash, reportersDigest } from '../../scoring/record-codec.ts'
import { createUnitTable, type UnitTable } from '../../scoring/unit-table.ts'
import { rowLeafHash } from './row-leaf.ts'

export class OracleState {
  /** −1 before the first attestation. */
  readonly epoch: Epoch
  readonly era: number
  readonly table: UnitTable
  /** By node address, ascending; cumulative. */
  readonly points: ReadonlyMap<Address, bigint>
  readonly #digest: Uint8Array
  #tree: MerkleTree | undefined

  constructor(fields: { epoch: Epoch; era: number; table: UnitTable; points: ReadonlyMap<Address, bigint> }) {
    this.epoch = fields.epoch
    this.era = fields.era
    this.table = fields.table
    this.points = fields.points
    this.#digest = reportersDigest(fields.table.reporters)
  }

  /** What precedes the first attestation of an era: nothing. */
  static empty(era = 0): OracleState {
    return new OracleState({ epoch: -1, era, table: createUnitTable(), points: new Map() })
  }

  get unitCount(): number {
    return this.table.count
  }

  /** Root over all leaves. @throws {RangeError} for the empty state, which has no leaf. */
  get root(): Hash32 {
    return this.#built().root
  }

  #built(): MerkleTree {
    if (!this.#tree) {
      const leaves: Uint8Array[] = []
      for (let row = 0; row < this.table.count; row++)
        leaves.push(rowLeafHash(this.table, row, this.epoch, this.era, this.#digest))
      for (const leaf of this.oracleLeaves()) leaves.push(oracleLeafHash(leaf))
      this.#tree = new MerkleTree(leaves)
    }
    return this.#tree
  }

  unitLeaf(row: number): UnitLeaf {
    const t = this.table
    return {
      unitId: this.unitId(row),
      epoch: this.epoch,
      era: this.era,
      state: UNIT_STATES[t.state[row]!]!,
      metEpochs: t.metEpochs[row]!,
      missedEpochs: t.missedEpochs[row]!,
      neutralEpochs: t.neutralEpochs[row]!,
      paidBpsSum: BigInt(t.paidBpsSum[row]!),
      lossIncidents: t.lossIncidents[row]!,
      scoreBps: t.scoreBps[row]!,
      availabilityPpm: t.availabilityPpm[row]!,
      ttfbP95Ms: t.ttfbP95Ms[row]!,
      downP10Kbps: t.downP10Kbps[row]!,
      upP10Kbps: t.upP10Kbps[row]!,
      samples: t.samples[row]!,
      recordHash: bytesToHex(recordHash(t, row, this.#digest)),
    }
  }

  oracleLeaves(): OracleLeaf[] {
    const digest = bytesToHex(this.#digest)
    return [...this.points].map(([node, points]) => ({
      node,
      epoch: this.epoch,
      era: this.era,
      points,
      recordHash: digest,
    }))
  }

  unitId(row: number): UnitId {
    return bytesToHex(this.table.ids.subarray(row * 32, row * 32 + 32))
  }

  /** Row of a unit, or −1. */
  rowOf(unitId: UnitId): number {
    let low = 0
    let high = this.table.count - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const id = this.unitId(middle)
      if (id === unitId) return middle
      if (id < unitId) low = middle + 1
      else high = middle - 1
    }
    return -1
  }

  unitProof(row: number): Hash32[] {
    return this.#built().proof(row)
  }

  oracleProof(node: Address): Hash32[] | undefined {
    const k = [...this.points.keys()].indexOf(node)
    return k < 0 ? undefined : this.#built().proof(this.table.count + k)
  }
}

/** Points after an epoch: every seat has an entry, every counting reporter one point more. Ascending by address. */
export function addPoints(
  before: ReadonlyMap<Address, bigint>,
  seats: readonly OracleSeat[],
  counting: readonly Address[],
): Map<Address, bigint> {
  const next = new Map(before)
  for (const { node } of seats) if (!next.has(node)) next.set(node, 0n)
  for (const node of counting) next.set(node, (next.get(node) ?? 0n) + 1n)
  return new Map([...next].sort(([a], [b]) => (a < b ? -1 : 1)))
}
