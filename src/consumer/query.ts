/** Finding units: what is on chain, filtered by the query, with qualities that were proven, in this consumer's order. */
import type { LeafSource, MarketReader, MarketUnit } from '../core/ports/market.ts'
import { takesReservations } from '../market/activation.ts'
import { type LeafFlaw, provenLeaf } from '../market/leaf-check.ts'
import type { ProvenQuality, RankedUnit, UnitQuery } from './api.ts'
import { DEFAULT_WEIGHTS, rankCandidates } from './rank.ts'

export interface QueryModules {
  market: MarketReader
  leaves: LeafSource
  freshEpochs: number
  concurrency: number
  onFlaw: (flaw: LeafFlaw) => void
}

export async function queryUnits(modules: QueryModules, query: UnitQuery, signal: AbortSignal): Promise<RankedUnit[]> {
  const wanted = modules.market.units().filter((unit) => matches(unit, query))
  const qualities = await inParallel(wanted, modules.concurrency, (unit) => qualityOf(modules, unit, signal))
  const candidates = wanted
    .map((unit, i) => ({ unit, quality: qualities[i] }))
    .map((candidate) => ({ ...candidate, closed: closedBecause(candidate, query.capacityBytes ?? 1n) }))
    .filter(({ closed }) => query.includeClosed || closed === undefined)
    .filter(({ quality }) => (quality?.leaf.scoreBps ?? 0) >= (query.minScoreBps ?? 0))
  return rankCandidates(
    candidates.map((candidate) => ({
      ...candidate,
      token: candidate.unit.terms.token,
      pricePerGibEpoch: candidate.unit.terms.pricePerGibEpoch,
      leaf: candidate.quality?.leaf,
    })),
    query.weights ?? DEFAULT_WEIGHTS,
  )
    .slice(0, query.limit ?? 50)
    .map(({ token: _token, pricePerGibEpoch: _price, leaf: _leaf, ...ranked }) => ({
      ...ranked,
      freeBytes: freeBytes(ranked.unit),
    }))
}

export async function qualityOf(
  modules: QueryModules,
  unit: MarketUnit,
  signal: AbortSignal,
): Promise<ProvenQuality | undefined> {
  const checked = await provenLeaf(modules, unit.id, undefined, signal)
  if (!checked) return undefined
  const { leaf, proof, attestation } = checked
  const newest = modules.market.latestAttestation()?.header.epoch ?? leaf.epoch
  const fresh = leaf.epoch + modules.freshEpochs >= newest
  return { leaf, proof, epoch: leaf.epoch, root: attestation.header.root, fresh }
}

export function freeBytes(unit: MarketUnit): bigint {
  const free = unit.terms.capacityBytes - unit.reservedBytes
  return free > 0n ? free : 0n
}

/** Why the unit takes no reservation of that size now; `undefined` when it does. */
export function closedBecause(
  { unit, quality }: { unit: MarketUnit; quality: ProvenQuality | undefined },
  capacityBytes: bigint,
): string | undefined {
  if (unit.status !== 'Active') return `contract status ${unit.status}`
  const state = quality?.leaf.state ?? unit.attestedState
  if (!takesReservations(state)) return `attested state ${state}`
  if (freeBytes(unit) < capacityBytes) return `${freeBytes(unit)} bytes free`
  return undefined
}

function matches({ terms }: MarketUnit, query: UnitQuery): boolean {
  return (
    (query.kinds?.includes(terms.kind) ?? true) &&
    (query.regions?.includes(terms.region) ?? true) &&
    (query.token === undefined || query.token === terms.token) &&
    (query.provider === undefined || query.provider === terms.provider) &&
    (query.maxPricePerGibEpoch === undefined || terms.pricePerGibEpoch <= query.maxPricePerGibEpoch)
  )
}

/** Results in the order of the items, at most `width` at the same time. */
async function inParallel<T, R>(items: readonly T[], width: number, run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(items.length)
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      const i = next++
      results[i] = await run(items[i]!)
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker))
  return results
}
