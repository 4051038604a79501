/** Choosing units: terms from the chain, score from the attested leaf, the rest from the advert. Pure. */
import type { Capability } from '../advert/body.ts'
import type { Address, UnitId } from '../ids.ts'
import type { RegisteredUnit, UnitKind, UnitState } from '../units.ts'
import type { CatalogueEntry } from './catalogue.ts'

export interface UnitQuery {
  kinds?: readonly UnitKind[]
  /** A region matches when it is equal or begins with the text and a dash: `eu` finds `eu-west-1`. */
  regions?: readonly string[]
  provider?: Address
  token?: Address
  minFreeBytes?: bigint
  maxPricePerGibEpoch?: bigint
  /** SLA terms at least this good. A unit without a promise on latency or throughput does not match a bound on it. */
  minAvailabilityPpm?: number
  maxTtfbP95Ms?: number
  minDownP10Kbps?: number
  minUpP10Kbps?: number
  minScoreBps?: number
  states?: readonly UnitState[]
  /** All of them. */
  capabilities?: readonly Capability[]
  /** Only units whose provider is heard. @default true */
  live?: boolean
  /** price: cheapest first; score: best first; free: most first. Equal ones by unit id. @default 'price' */
  order?: 'price' | 'score' | 'free'
  /** @default 100, at most 1,000 */
  limit?: number
}

export const MAX_QUERY_RESULTS = 1_000
const DEFAULT_QUERY_RESULTS = 100

/** What is known about a unit from every source. */
export interface UnitView {
  unit: RegisteredUnit
  entry: CatalogueEntry | undefined
  state: UnitState | undefined
  /** Of the last attested leaf. */
  scoreBps: number | undefined
}

export interface QueryResult {
  units: readonly UnitView[]
  /** Matches, of which `units` may be a part. */
  total: number
}

export function queryUnits(views: Iterable<UnitView>, query: UnitQuery): QueryResult {
  const matches: UnitView[] = []
  for (const view of views) if (matchesQuery(view, query)) matches.push(view)
  matches.sort(comparator(query.order ?? 'price'))
  const limit = Math.min(query.limit ?? DEFAULT_QUERY_RESULTS, MAX_QUERY_RESULTS)
  return { units: matches.slice(0, limit), total: matches.length }
}

function matchesQuery(view: UnitView, q: UnitQuery): boolean {
  return matchesTerms(view.unit, q) && matchesSla(view.unit, q) && matchesNow(view, q)
}

function matchesTerms({ terms, status }: RegisteredUnit, q: UnitQuery): boolean {
  return (
    status !== 'Retired' &&
    (q.kinds === undefined || q.kinds.includes(terms.kind)) &&
    (q.regions === undefined || q.regions.some((r) => terms.region === r || terms.region.startsWith(`${r}-`))) &&
    (q.provider === undefined || terms.provider === q.provider) &&
    (q.token === undefined || terms.token === q.token) &&
    (q.maxPricePerGibEpoch === undefined || terms.pricePerGibEpoch <= q.maxPricePerGibEpoch)
  )
}

function matchesSla({ terms: { sla } }: RegisteredUnit, q: UnitQuery): boolean {
  return (
    sla.availabilityPpm >= (q.minAvailabilityPpm ?? 0) &&
    (q.maxTtfbP95Ms === undefined || (sla.ttfbP95Ms > 0 && sla.ttfbP95Ms <= q.maxTtfbP95Ms)) &&
    sla.downP10Kbps >= (q.minDownP10Kbps ?? 0) &&
    sla.upP10Kbps >= (q.minUpP10Kbps ?? 0)
  )
}

function matchesNow({ unit, entry, state, scoreBps }: UnitView, q: UnitQuery): boolean {
  if ((q.live ?? true) && (entry === undefined || entry.body?.availability === 'leaving')) return false
  const free = entry?.body?.freeBytes ?? unit.terms.capacityBytes
  return (
    free >= (q.minFreeBytes ?? 0n) &&
    (scoreBps ?? 0) >= (q.minScoreBps ?? 0) &&
    (q.states === undefined || (state !== undefined && q.states.includes(state))) &&
    (q.capabilities ?? []).every((each) => entry?.body?.capabilities.includes(each))
  )
}

function comparator(order: NonNullable<UnitQuery['order']>): (a: UnitView, b: UnitView) => number {
  const byId = (a: UnitView, b: UnitView) => compare<UnitId>(a.unit.id, b.unit.id)
  const free = ({ unit, entry }: UnitView) => entry?.body?.freeBytes ?? unit.terms.capacityBytes
  switch (order) {
    case 'price':
      return (a, b) => compare(a.unit.terms.pricePerGibEpoch, b.unit.terms.pricePerGibEpoch) || byId(a, b)
    case 'score':
      return (a, b) => compare(b.scoreBps ?? 0, a.scoreBps ?? 0) || byId(a, b)
    case 'free':
      return (a, b) => compare(free(b), free(a)) || byId(a, b)
  }
}

function compare<T extends number | bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}
