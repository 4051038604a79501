/** What a contract event means to those who watch the chain. */
import type { UnitId } from '../../core/ids.ts'
import type { ChainChange } from '../api.ts'
import { type ContractEvent, lower } from '../events.ts'
import type { Projection } from '../projection/projection.ts'

export function changesOf(event: ContractEvent, block: number, latest: Projection['latest']): ChainChange[] {
  const at = BigInt(block)
  switch (event.eventName) {
    case 'AttestationAccepted': {
      const attestation = latest('attestations', String(event.args.epoch))
      return attestation === undefined ? [] : [{ kind: 'attestation', attestation }]
    }
    case 'SetAnnounced': {
      const set = latest('sets', String(event.args.setId))
      return set === undefined ? [] : [{ kind: 'set', set }]
    }
    case 'DataUnitRegistered':
    case 'UnitStatusChanged':
    case 'UnitStateApplied':
    case 'AutoAcceptChanged':
    case 'CapacityChanged':
    case 'MaintenanceAnnounced':
      return [{ kind: 'unit', unitId: lower<UnitId & `0x${string}`>(event.args.unitId), block: at }]
    case 'ReservationHeld':
    case 'ReservationActivated':
    case 'ReservationSettled':
    case 'ReservationToppedUp':
    case 'ReservationExtended':
    case 'ReservationReleased':
    case 'CapacityFreed':
    case 'ReservationClosed':
      return [{ kind: 'reservation', id: event.args.id, block: at }]
    case 'ProviderRegistered':
    case 'ProviderBondChanged':
    case 'ProviderSlashed':
      return [{ kind: 'provider', operator: lower(event.args.operator), block: at }]
    default:
      return []
  }
}
