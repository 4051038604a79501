/** Disputes over reservations: open ones are what a jury is asked about. */
import { type ContractEvent, lower } from '../events.ts'
import type { Tables } from './tables.ts'

export function applyDisputes(tables: Tables, event: ContractEvent, block: number): void {
  switch (event.eventName) {
    case 'DisputeOpened': {
      const { disputeId, reservationId, opener, kind, amount, deadline, evidenceHash } = event.args
      tables.disputes.set(String(disputeId), block, {
        id: disputeId,
        reservationId,
        opener: lower(opener),
        kind,
        amount,
        deadline,
        evidenceHash: lower(evidenceHash),
        verdict: undefined,
      })
      return
    }
    case 'DisputeResolved': {
      const record = tables.disputes.get(String(event.args.disputeId))
      if (record !== undefined)
        tables.disputes.set(String(record.id), block, { ...record, verdict: event.args.verdict })
      return
    }
  }
}
