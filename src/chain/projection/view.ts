/** Reading the tables as of one block. */
import type { Address, Epoch } from '../../core/ids.ts'
import type { ChainView } from '../api.ts'
import type { AttestationRecord, OracleSetRecord, ReservationRecord } from '../records.ts'
import { termAt } from './attestations.ts'
import type { Tables } from './tables.ts'
import type { VersionedMap } from './versioned-map.ts'

function valuesOf<V>(map: VersionedMap<V>, block: number): V[] {
  return [...map.entries(block)].map(([, value]) => value)
}

function byOperator(a: { operator: Address }, b: { operator: Address }): number {
  return a.operator < b.operator ? -1 : 1
}

/** @param unitIds ids of all units at any block, ascending. */
export function viewAt(tables: Tables, block: number, unitIds: () => readonly string[]): ChainView {
  const sets = (): OracleSetRecord[] => valuesOf(tables.sets, block).sort((a, b) => a.setId - b.setId)
  return {
    block: BigInt(block),
    setAt: (epoch) => sets().findLast((set) => set.firstEpoch <= epoch),
    sets,
    // An anchor whose registration is still missing has no operator yet: inside one transaction only.
    oracles: () =>
      valuesOf(tables.oracles, block)
        .filter(({ operator, node }) => operator !== node)
        .sort(byOperator),
    evaluationAt: (epoch) => termAt(tables.evaluation.get('terms', block) ?? [], epoch),
    providers: () => valuesOf(tables.providers, block).sort(byOperator),
    unit: (id) => tables.units.get(id, block),
    units: () =>
      unitIds().flatMap((id) => {
        const unit = tables.units.get(id, block)
        return unit === undefined ? [] : [unit]
      }),
    reservation: (id) => tables.reservations.get(String(id), block),
    reservations: (filter = {}) =>
      valuesOf(tables.reservations, block)
        .filter((r) => matches(r, filter))
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    disputes: () => valuesOf(tables.disputes, block).sort((a, b) => (a.id < b.id ? -1 : 1)),
    attestation: (epoch) => tables.attestations.get(String(epoch), block),
    attestations: (limit, before) => newest(tables, block, limit, before),
    totals: () => valuesOf(tables.totals, block),
  }
}

function matches(r: ReservationRecord, filter: Parameters<ChainView['reservations']>[0] & {}): boolean {
  return (
    (filter.consumer === undefined || r.consumer === filter.consumer) &&
    (filter.unitId === undefined || r.unitId === filter.unitId)
  )
}

/** Along the chain of predecessors: epochs are sparse, and each attestation names the one before. */
function newest(tables: Tables, block: number, limit: number, before: Epoch | undefined): AttestationRecord[] {
  const list: AttestationRecord[] = []
  const head = tables.head.get('head', block)
  let next = head === undefined ? undefined : tables.attestations.get(String(head.epoch), block)
  while (next !== undefined && list.length < limit) {
    if (before === undefined || next.header.epoch < before) list.push(next)
    next =
      next.ringPrevEpoch < next.header.epoch ? tables.attestations.get(String(next.ringPrevEpoch), block) : undefined
  }
  return list
}
