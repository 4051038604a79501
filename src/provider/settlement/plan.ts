/** Which reservations of a unit can be settled, by which root, and whether it pays to. Pure. */
import type { UnitId } from '../../core/ids.ts'
import type { MarketAttestation, MarketReader, MarketReservation } from '../../core/ports/market.ts'
import type { Split } from '../../market/amounts.ts'
import { settlingAttestation } from '../../market/leaf-check.ts'

/** Reservations of one unit that one leaf settles. */
export interface DueGroup {
  unitId: UnitId
  attestation: MarketAttestation
  reservations: MarketReservation[]
}

/**
 * Groups by the root that settles them: the newest for what runs, the first behind its end for what is over.
 * @param settled newest epoch to which a reservation was settled by a transaction that the reader may not show yet.
 */
export function dueGroups(
  market: MarketReader,
  unitId: UnitId,
  newest: MarketAttestation,
  settled: ReadonlyMap<bigint, number>,
): DueGroup[] {
  const groups = new Map<number, DueGroup>()
  for (const reservation of market.reservations({ unitId })) {
    const { id, status, lastEpoch, endEpoch } = reservation
    if (status !== 'Active' || lastEpoch === undefined || endEpoch === undefined) continue
    const attestation = settlingAttestation(market, newest, endEpoch)
    if (!attestation) continue
    const epoch = attestation.header.epoch
    if (epoch <= lastEpoch || epoch <= (settled.get(id) ?? -1)) continue
    const group = groups.get(epoch)
    if (group) group.reservations.push(reservation)
    else groups.set(epoch, { unitId, attestation, reservations: [reservation] })
  }
  return [...groups.values()].sort((a, b) => a.attestation.header.epoch - b.attestation.header.epoch)
}

/**
 * Settling frees capacity when something closes, and answers an escape that would close without asking what was measured;
 * otherwise it waits for enough earnings or for long enough.
 */
export function worthSettling(
  due: readonly { reservation: MarketReservation; split: Split }[],
  rule: { minEarned: bigint; maxEpochs: number },
): boolean {
  const urgent = due.some(
    ({ reservation, split }) => split.closes || split.epochs >= rule.maxEpochs || reservation.escapeEpoch !== undefined,
  )
  return urgent || due.reduce((sum, { split }) => sum + split.paid, 0n) >= rule.minEarned
}
