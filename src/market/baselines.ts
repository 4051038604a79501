/** Baselines of running reservations: read from the contract once for each interval, since events do not carry them. */
import type { MarketReader, MarketReservation, ReservationBaseline } from '../core/ports/market.ts'

/** Reservations whose baseline is remembered; more than a provider of this size settles in one pass. */
const MAX_REMEMBERED = 4_096

export interface Baselines {
  of(reservation: MarketReservation, signal: AbortSignal): Promise<ReservationBaseline>
  /** After a reorg: what was read may never have been. */
  forget(): void
}

export function createBaselines(market: MarketReader): Baselines {
  const known = new Map<bigint, ReservationBaseline>()
  return {
    async of(reservation, signal) {
      const before = known.get(reservation.id)
      // A settlement moves the one, an extension or a release the other.
      const { lastEpoch, endEpoch } = reservation
      if (before && before.lastEpoch === lastEpoch && before.endEpoch === endEpoch) return before
      const baseline = await market.baseline(reservation.id, signal)
      if (known.size >= MAX_REMEMBERED) known.clear()
      known.set(reservation.id, baseline)
      return baseline
    },
    forget: () => known.clear(),
  }
}
