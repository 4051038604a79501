/** Accepting held reservations of units whose provider has to: each is activated by the unit's next provable leaf. */
import { codeOf } from '../../core/errors.ts'
import type { UnitId } from '../../core/ids.ts'
import { silentLogger } from '../../core/ports/logger.ts'
import { activateReservation } from '../../market/activation.ts'
import type { SettlementPorts } from './api.ts'

/** Reservations that are being activated at the same time; others wait for the next block. */
const MAX_RUNNING = 64

export interface Acceptance {
  /** Takes up the unit's held reservations that the provider accepts. */
  look(unitId: UnitId): void
  stop(): Promise<void>
}

export function createAcceptance(
  ports: SettlementPorts,
  accept: (reservationId: bigint) => boolean,
  onActivated: (value: { reservationId: bigint; unitId: UnitId }) => void,
): Acceptance {
  const abort = new AbortController()
  const running = new Map<bigint, Promise<void>>()

  const activate = async (id: bigint, unitId: UnitId) => {
    try {
      if (await activateReservation(ports, id, abort.signal)) onActivated({ reservationId: id, unitId })
    } catch (error) {
      if (abort.signal.aborted) return
      const log = ports.logger ?? silentLogger
      const message = error instanceof Error ? error.message : String(error)
      log.warn('reservation not accepted', { reservationId: id, unitId, code: codeOf(error), message })
    } finally {
      running.delete(id)
    }
  }
  return {
    look(unitId) {
      for (const { id, status } of ports.market.reservations({ unitId })) {
        if (status !== 'Held' || running.has(id) || running.size >= MAX_RUNNING || abort.signal.aborted) continue
        if (accept(id)) running.set(id, activate(id, unitId))
      }
    },
    async stop() {
      abort.abort()
      await Promise.allSettled(running.values())
    },
  }
}
