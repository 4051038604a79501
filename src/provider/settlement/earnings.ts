/** A provider's figures by token: earned, pending, refunded, in escrow, withdrawable. Everything is read from the chain. */
import type { Address } from '../../core/ids.ts'
import type { LeafSource, MarketReader, MarketReservation } from '../../core/ports/market.ts'
import { splitOf } from '../../market/amounts.ts'
import type { Baselines } from '../../market/baselines.ts'
import { provenLeaf, settlingAttestation } from '../../market/leaf-check.ts'
import type { EarningsOfToken } from './api.ts'

export interface EarningsModules {
  market: MarketReader
  leaves: LeafSource
  baselines: Baselines
}

export async function earningsOf(
  modules: EarningsModules,
  provider: Address,
  signal: AbortSignal,
): Promise<EarningsOfToken[]> {
  const { market } = modules
  const byToken = new Map<Address, EarningsOfToken>()
  for (const unit of market.units()) {
    if (unit.terms.provider !== provider) continue
    const { token } = unit.terms
    const figures = byToken.get(token) ?? { token, earned: 0n, pending: 0n, refunded: 0n, escrow: 0n, withdrawable: 0n }
    byToken.set(token, figures)
    for (const reservation of market.reservations({ unitId: unit.id })) {
      figures.earned += reservation.paid
      figures.refunded += reservation.refunded
      if (reservation.status !== 'Held' && reservation.status !== 'Active') continue
      figures.escrow += reservation.deposited - reservation.paid - reservation.refunded
      figures.pending += await pendingOf(modules, reservation, signal)
    }
  }
  const operator = market.operatorOf(provider)
  for (const figures of byToken.values())
    if (operator) figures.withdrawable = await market.credit(figures.token, operator, signal)
  return [...byToken.values()]
}

async function pendingOf(modules: EarningsModules, r: MarketReservation, signal: AbortSignal): Promise<bigint> {
  const newest = modules.market.finalAttestation()
  if (r.status !== 'Active' || r.endEpoch === undefined || !newest) return 0n
  const attestation = settlingAttestation(modules.market, newest, r.endEpoch)
  if (!attestation || attestation.header.epoch <= (r.lastEpoch ?? 0)) return 0n
  const leaf = await provenLeaf(modules, r.unitId, attestation.header.epoch, signal)
  if (!leaf) return 0n
  const baseline = await modules.baselines.of(r, signal)
  return baseline.era === leaf.leaf.era ? splitOf({ ...baseline, ratePerEpoch: r.ratePerEpoch }, leaf.leaf).paid : 0n
}
