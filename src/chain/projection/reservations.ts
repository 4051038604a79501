/** Reservations and the money that goes through the contract. */
import type { Address, UnitId } from '../../core/ids.ts'
import { type ContractEvent, lower } from '../events.ts'
import { RESERVATION_STATUSES, type ReservationRecord, type TokenTotals } from '../records.ts'
import type { Tables } from './tables.ts'
import { changeReserved, nameOf } from './units.ts'

export function applyReservations(tables: Tables, event: ContractEvent, block: number): void {
  switch (event.eventName) {
    case 'ReservationHeld':
      held(tables, event.args, block)
      return
    case 'ReservationActivated':
      change(tables, event.args.id, block, () => ({
        status: 'Active',
        lastEpoch: event.args.lastEpoch,
        endEpoch: event.args.endEpoch,
        basePaidBpsSum: event.args.paidBpsSum,
      }))
      return
    case 'ReservationSettled': {
      const { id, lastEpoch, paid, refunded } = event.args
      // A newer leaf answers an open escape.
      change(tables, id, block, (r) => ({
        lastEpoch,
        paid: r.paid + paid,
        refunded: r.refunded + refunded,
        escapeEpoch: undefined,
      }))
      return
    }
    case 'ReservationToppedUp': {
      const { id, amount } = event.args
      change(tables, id, block, (r) => ({ deposited: r.deposited + amount, surplus: r.surplus + amount }))
      return
    }
    case 'ReservationExtended': {
      const { id, endEpoch, deposit } = event.args
      change(tables, id, block, (r) => {
        // What was topped up pays first.
        const charged = r.surplus >= deposit ? 0n : deposit - r.surplus
        return { endEpoch, surplus: r.surplus - (deposit - charged), deposited: r.deposited + charged }
      })
      return
    }
    case 'ReservationReleased': {
      const { id, endEpoch, refunded } = event.args
      change(tables, id, block, (r) => ({ endEpoch, surplus: 0n, refunded: r.refunded + refunded }))
      return
    }
    case 'CapacityFreed':
      freed(tables, event.args.id, block)
      return
    case 'EscapeOpened':
      change(tables, event.args.reservationId, block, () => ({ escapeEpoch: event.args.executableFrom }))
      return
    case 'ReservationClosed':
      closed(tables, event.args.id, event.args.status, block)
      return
    case 'Deposited':
      addTotals(tables, lower(event.args.token), block, { deposited: event.args.amount })
      return
    case 'Withdrawn':
      addTotals(tables, lower(event.args.token), block, { withdrawn: event.args.amount })
      return
  }
}

type HeldArgs = Extract<ContractEvent, { eventName: 'ReservationHeld' }>['args']

function held(tables: Tables, args: HeldArgs, block: number): void {
  const unitId: UnitId = lower(args.unitId)
  const unit = tables.units.get(unitId)
  // The contract reserves in registered units only.
  if (unit === undefined) return
  tables.reservations.set(String(args.id), block, {
    id: args.id,
    unitId,
    consumer: lower(args.consumer),
    token: unit.terms.token,
    status: 'Held',
    capacityBytes: args.capacityBytes,
    epochs: args.epochs,
    ratePerEpoch: args.ratePerEpoch,
    deposited: args.deposit,
    lastEpoch: undefined,
    endEpoch: undefined,
    basePaidBpsSum: undefined,
    paid: 0n,
    refunded: 0n,
    surplus: 0n,
    capacityFreed: false,
    escapeEpoch: undefined,
    heldBlock: BigInt(block),
  })
  changeReserved(tables, unitId, block, args.capacityBytes)
}

function closed(tables: Tables, id: bigint, status: number, block: number): void {
  const before = tables.reservations.get(String(id))
  if (before === undefined) return
  freed(tables, id, block)
  // A hold that is given up is refunded whole, without a settlement; else what was topped up and not used.
  const refund = before.status === 'Held' ? before.deposited : before.surplus
  change(tables, id, block, (r) => ({
    status: nameOf(RESERVATION_STATUSES, status),
    surplus: 0n,
    refunded: r.refunded + refund,
    escapeEpoch: undefined,
  }))
}

function freed(tables: Tables, id: bigint, block: number): void {
  const record = tables.reservations.get(String(id))
  if (record === undefined || record.capacityFreed) return
  changeReserved(tables, record.unitId, block, -record.capacityBytes)
  tables.reservations.set(String(id), block, { ...record, capacityFreed: true })
}

/** Applies changed fields; what was paid or refunded goes into the token's totals. */
function change(
  tables: Tables,
  id: bigint,
  block: number,
  fields: (record: ReservationRecord) => Partial<ReservationRecord>,
): void {
  const before = tables.reservations.get(String(id))
  if (before === undefined) return
  const after = { ...before, ...fields(before) }
  tables.reservations.set(String(id), block, after)
  const paid = after.paid - before.paid
  const refunded = after.refunded - before.refunded
  if (paid > 0n || refunded > 0n) addTotals(tables, after.token, block, { paid, refunded })
}

function addTotals(tables: Tables, token: Address, block: number, add: Partial<Omit<TokenTotals, 'token'>>): void {
  const t = tables.totals.get(token) ?? { token, deposited: 0n, withdrawn: 0n, paid: 0n, refunded: 0n }
  tables.totals.set(token, block, {
    token,
    deposited: t.deposited + (add.deposited ?? 0n),
    withdrawn: t.withdrawn + (add.withdrawn ?? 0n),
    paid: t.paid + (add.paid ?? 0n),
    refunded: t.refunded + (add.refunded ?? 0n),
  })
}
