/** The projection's tables and what each row is keyed by. */
import type { Address, Epoch, Hash32 } from '../../core/ids.ts'
import type {
  AttestationRecord,
  DisputeRecord,
  EvaluationRecord,
  OracleRecord,
  OracleSetRecord,
  ProviderRecord,
  ReservationRecord,
  TokenTotals,
  UnitRecord,
} from '../records.ts'
import { VersionedMap } from './versioned-map.ts'

/** What the next attestation follows. */
export interface HeadRecord {
  epoch: Epoch
  root: Hash32
  era: number
  /** Set between an `EraOpened` and its `AttestationAccepted`. */
  eraOpening: boolean
}

export interface Tables {
  /** By set id. */
  sets: VersionedMap<OracleSetRecord>
  /** By operator. */
  oracles: VersionedMap<OracleRecord>
  /** Operator of an oracle's node key. */
  nodeOperators: VersionedMap<Address>
  /** One row, `terms`: ascending by first epoch. */
  evaluation: VersionedMap<readonly EvaluationRecord[]>
  /** By operator. */
  providers: VersionedMap<ProviderRecord>
  /** By unit id. */
  units: VersionedMap<UnitRecord>
  /** By decimal id. */
  reservations: VersionedMap<ReservationRecord>
  /** By decimal id. */
  disputes: VersionedMap<DisputeRecord>
  /** By decimal epoch. */
  attestations: VersionedMap<AttestationRecord>
  /** One row, `head`. */
  head: VersionedMap<HeadRecord>
  /** By token. */
  totals: VersionedMap<TokenTotals>
}

export function createTables(): Tables {
  return {
    sets: new VersionedMap(),
    oracles: new VersionedMap(),
    nodeOperators: new VersionedMap(),
    evaluation: new VersionedMap(),
    providers: new VersionedMap(),
    units: new VersionedMap(),
    reservations: new VersionedMap(),
    disputes: new VersionedMap(),
    attestations: new VersionedMap(),
    head: new VersionedMap(),
    totals: new VersionedMap(),
  }
}

export const TABLE_NAMES = Object.keys(createTables()) as (keyof Tables)[]
