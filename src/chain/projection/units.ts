/** Providers and their data units. */
import { termsHashOf } from '../../core/eip712.ts'
import { hexToBytes, type UnitId } from '../../core/ids.ts'
import { UNIT_KINDS, UNIT_STATES, UNIT_STATUSES, type UnitTerms } from '../../core/units.ts'
import { type ContractEvent, lower } from '../events.ts'
import type { UnitRecord } from '../records.ts'
import type { Tables } from './tables.ts'

type RegisteredArgs = Extract<ContractEvent, { eventName: 'DataUnitRegistered' }>['args']

export function applyUnits(tables: Tables, event: ContractEvent, block: number): void {
  switch (event.eventName) {
    case 'ProviderRegistered': {
      const operator = lower(event.args.operator)
      const { bond } = event.args
      tables.providers.set(operator, block, { operator, node: lower(event.args.node), bond, slashed: 0n })
      return
    }
    case 'ProviderSlashed': {
      const { amount } = event.args
      const record = tables.providers.get(lower(event.args.operator))
      if (record !== undefined)
        tables.providers.set(record.operator, block, {
          ...record,
          bond: record.bond - amount,
          slashed: record.slashed + amount,
        })
      return
    }
    case 'ProviderBondChanged': {
      const record = tables.providers.get(lower(event.args.operator))
      if (record !== undefined) tables.providers.set(record.operator, block, { ...record, bond: event.args.bond })
      return
    }
    case 'DataUnitRegistered': {
      const unit = registered(event.args, block)
      tables.units.set(unit.id, block, unit)
      return
    }
    case 'UnitStatusChanged':
      change(tables, event.args.unitId, block, { status: nameOf(UNIT_STATUSES, event.args.status) })
      return
    case 'UnitStateApplied':
      change(tables, event.args.unitId, block, {
        attestedState: nameOf(UNIT_STATES, event.args.state),
        stateEpoch: event.args.epoch,
      })
      return
    case 'CapacityChanged': {
      const unit = tables.units.get(lower(event.args.unitId))
      if (unit !== undefined)
        change(tables, unit.id, block, { terms: { ...unit.terms, capacityBytes: event.args.capacityBytes } })
      return
    }
    case 'MaintenanceAnnounced': {
      const { fromEpoch, untilEpoch } = event.args
      change(tables, event.args.unitId, block, { maintenance: { fromEpoch, untilEpoch } })
      return
    }
    case 'AutoAcceptChanged':
      change(tables, event.args.unitId, block, { autoAccept: event.args.autoAccept })
      return
  }
}

function registered({ unitId, operator, terms: t }: RegisteredArgs, block: number): UnitRecord {
  const terms: UnitTerms = {
    provider: lower(t.provider),
    nonce: t.nonce,
    kind: nameOf(UNIT_KINDS, t.kind),
    region: regionText(t.region),
    token: lower(t.token),
    capacityBytes: t.capacityBytes,
    pricePerGibEpoch: t.pricePerGibEpoch,
    egressBytesPerEpoch: t.egressBytesPerEpoch,
    sla: {
      availabilityPpm: t.availabilityPpm,
      ttfbP95Ms: t.ttfbP95Ms,
      downP10Kbps: t.downP10Kbps,
      upP10Kbps: t.upP10Kbps,
    },
  }
  return {
    id: lower<UnitId & `0x${string}`>(unitId),
    terms,
    operator: lower(operator),
    status: 'Pending',
    termsHash: termsHashOf(terms, t.deadline),
    attestedState: 'Pending',
    stateEpoch: 0,
    autoAccept: true,
    reservedBytes: 0n,
    maintenance: undefined,
    registeredBlock: BigInt(block),
  }
}

/** Reserved capacity, by the events of reservations. */
export function changeReserved(tables: Tables, unitId: UnitId, block: number, difference: bigint): void {
  const unit = tables.units.get(unitId)
  if (unit !== undefined) tables.units.set(unitId, block, { ...unit, reservedBytes: unit.reservedBytes + difference })
}

function change(tables: Tables, unitId: `0x${string}`, block: number, fields: Partial<UnitRecord>): void {
  const unit = tables.units.get(lower(unitId))
  if (unit !== undefined) tables.units.set(unit.id, block, { ...unit, ...fields })
}

/** The contract bounds its enumerations; a value outside is a contract that this version does not know. */
export function nameOf<T extends string>(names: readonly T[], value: number): T {
  const name = names[value]
  if (name === undefined) throw new RangeError(`unknown value ${value} of an enumeration`)
  return name
}

/** Zero-padded UTF-8; what is no UTF-8 reads as replacement characters. */
function regionText(word: `0x${string}`): string {
  const bytes = hexToBytes(word)
  const end = bytes.findLastIndex((byte) => byte !== 0) + 1
  return new TextDecoder().decode(bytes.subarray(0, end))
}
