/** A consumer's rights on the objects of its reservation, within its quota and its time. */

import { type Grant, type GrantRequest, reservationPrefix, subjectReservation } from '../../core/grants/grant.ts'
import type { GrantAnswer } from '../../core/grants/grant-codec.ts'
import type { MarketReservation } from '../../core/ports/market.ts'
import type { GrantContext } from './grant-service.ts'

export async function reservationGrants(context: GrantContext, request: GrantRequest): Promise<GrantAnswer> {
  const { ports, options, nowMs, quota, signal } = context
  const reservation = ports.reservation(subjectReservation(request.subject))
  if (!reservation) return { refusal: 'reservation-unknown' }
  const unit = ports.unit(reservation.unitId)
  if (!unit) return { refusal: 'unit-unknown' }
  if (reservation.consumer !== request.requester) return { refusal: 'not-the-consumer' }
  const writes = request.items.filter((item) => item.action === 'write')
  const rights = rightsOf(reservation, context)
  if (rights === 'none' || (rights === 'read' && writes.length > 0)) return { refusal: 'reservation-inactive' }
  if (writes.some((item) => item.bytes > unit.driver.capabilities.maxPutBytes)) return { refusal: 'unsupported' }
  const prefix = reservationPrefix(reservation.id)
  const times = { nowMs, expiresAtMs: nowMs + options.reservationGrantMs }
  const asked = writes.map(({ key, bytes }) => ({ key: prefix + key, bytes }))
  if (asked.length > 0 && !(await quota.take(unit.driver, reservation, asked, times, signal)))
    return { refusal: 'quota-exceeded' }
  const grants: Grant[] = []
  for (const { action, key, bytes } of request.items) {
    const life = { nowMs, expiresInMs: options.reservationGrantMs }
    const length = action === 'write' ? { bytes } : {}
    grants.push({ key, ...(await unit.driver.presign({ action, key: prefix + key, ...length, ...life })) })
  }
  return { grants }
}

/** Paid time allows everything; for a while afterwards what is there may still be fetched. */
function rightsOf({ status, endEpoch }: MarketReservation, { epoch, options }: GrantContext): 'all' | 'read' | 'none' {
  if (endEpoch === undefined) return 'none'
  if (status === 'Active' && epoch <= endEpoch) return 'all'
  const ended = status === 'Active' || status === 'Released' || status === 'Expired'
  return ended && epoch <= endEpoch + options.graceEpochs ? 'read' : 'none'
}
