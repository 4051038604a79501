/** The units of an epoch as columns: what the chain says of each at the epoch's block. */
import { hexToBytes } from '../core/ids.ts'
import { type RegisteredUnit, UNIT_KINDS, UNIT_STATUSES } from '../core/units.ts'

export interface EpochUnits {
  count: number
  /** 32 bytes a unit, strictly ascending. */
  ids: Uint8Array
  /** Index into UNIT_KINDS. */
  kind: Uint8Array
  /** Index into UNIT_STATUSES. */
  status: Uint8Array
  /** SLA terms, 0 where nothing is promised. */
  availabilityPpm: Uint32Array
  ttfbP95Ms: Uint32Array
  downP10Kbps: Uint32Array
  upP10Kbps: Uint32Array
  /** What consumers' reports add to the score, −1 000 to 1 000 (consumer-reports.ts); taken at the day's close. */
  consumerAdjustmentBps?: Int16Array
  /** Loss incidents that a jury confirmed in this epoch. */
  confirmedLosses?: Uint8Array
}

export function createEpochUnits(count: number): EpochUnits {
  return {
    count,
    ids: new Uint8Array(count * 32),
    kind: new Uint8Array(count),
    status: new Uint8Array(count),
    availabilityPpm: new Uint32Array(count),
    ttfbP95Ms: new Uint32Array(count),
    downP10Kbps: new Uint32Array(count),
    upP10Kbps: new Uint32Array(count),
  }
}

/** @param units ascending by id, as in the chain facts. */
export function epochUnitsOf(units: readonly RegisteredUnit[]): EpochUnits {
  const columns = createEpochUnits(units.length)
  units.forEach((unit, i) => {
    columns.ids.set(hexToBytes(unit.id), i * 32)
    columns.kind[i] = UNIT_KINDS.indexOf(unit.terms.kind)
    columns.status[i] = UNIT_STATUSES.indexOf(unit.status)
    columns.availabilityPpm[i] = unit.terms.sla.availabilityPpm
    columns.ttfbP95Ms[i] = unit.terms.sla.ttfbP95Ms
    columns.downP10Kbps[i] = unit.terms.sla.downP10Kbps
    columns.upP10Kbps[i] = unit.terms.sla.upP10Kbps
  })
  return columns
}
