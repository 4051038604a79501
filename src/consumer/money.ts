/** What a reservation has cost, costs now, and will cost. Pure but for the leaf, which is checked against the chain. */
import type { LeafSource, MarketReader, MarketReservation } from '../core/ports/market.ts'
import { type Split, splitOf } from '../market/amounts.ts'
import type { Baselines } from '../market/baselines.ts'
import { type CheckedLeaf, type LeafFlaw, provenLeaf, settlingAttestation } from '../market/leaf-check.ts'
import type { ReservationMoney } from './api.ts'

export interface MoneyModules {
  market: MarketReader
  leaves: LeafSource
  baselines: Baselines
  onFlaw: (flaw: LeafFlaw) => void
}

/** The leaf by which a reservation can be settled now, and what that does; `undefined` when there is nothing new. */
export async function settlementOf(
  modules: MoneyModules,
  reservation: MarketReservation,
  signal: AbortSignal,
): Promise<{ leaf: CheckedLeaf; split: Split } | undefined> {
  const newest = modules.market.finalAttestation()
  if (reservation.status !== 'Active' || reservation.endEpoch === undefined || !newest) return undefined
  const attestation = settlingAttestation(modules.market, newest, reservation.endEpoch)
  if (!attestation || attestation.header.epoch <= (reservation.lastEpoch ?? 0)) return undefined
  const leaf = await provenLeaf(modules, reservation.unitId, attestation.header.epoch, signal)
  if (!leaf) return undefined
  const baseline = await modules.baselines.of(reservation, signal)
  if (baseline.era !== leaf.leaf.era || leaf.leaf.epoch <= baseline.lastEpoch) return undefined
  return { leaf, split: splitOf({ ...baseline, ratePerEpoch: reservation.ratePerEpoch }, leaf.leaf) }
}

/** @param pending what `settlementOf` says, `undefined` when nothing can be settled now. */
export function moneyOf(reservation: MarketReservation, pending: Split | undefined): ReservationMoney {
  const { deposited, paid, refunded, status, epochs, lastEpoch, endEpoch } = reservation
  const running = status === 'Active' && lastEpoch !== undefined && endEpoch !== undefined
  const open = running ? endEpoch - lastEpoch : status === 'Held' ? epochs : 0
  return {
    deposited,
    paid,
    refunded,
    held: deposited - paid - refunded,
    pendingPaid: pending?.paid ?? 0n,
    pendingRefund: pending?.refund ?? 0n,
    settledTo: lastEpoch,
    endEpoch,
    pendingEpochs: pending?.epochs ?? 0,
    epochsAhead: open - (pending?.epochs ?? 0),
  }
}
