/** One epoch's reports into the counters of a unit's row (docs/scoring.md 2). One report counts once, however many rows it has. */
import type { SlaTerms } from '../core/units.ts'
import {
  FRESHNESS_EDGES_Q16,
  FRESHNESS_TERM_MS,
  THROUGHPUT_EDGES_Q16,
  THROUGHPUT_REFERENCE_KBPS,
  TTFB_EDGES_Q16,
  TTFB_REFERENCE_MS,
} from './constants.ts'
import { addSmall, addWide, fastBin, lateBin, scaleEdges } from './histogram.ts'
import { BAD, GOOD, LOST, NOTHING, UNUSABLE, type UnitReports } from './unit-reports.ts'
import {
  ATTEMPTS,
  CHALLENGE_FAILURES,
  CHALLENGES,
  COUNTERS,
  DOWN,
  FRESH,
  OP_ATTEMPTS,
  OP_FAILURES,
  SMALL_BINS,
  SMALL_HISTOGRAMS,
  SUCCESSES,
  TTFB_BINS,
  type UnitTable,
  UP,
} from './unit-table.ts'

/** Bin edges of one unit: its terms, or a reference point where it promises nothing. */
export interface Edges {
  ttfb: Float64Array
  down: Float64Array
  up: Float64Array
  fresh: Float64Array
}

export function createEdges(): Edges {
  return {
    ttfb: new Float64Array(TTFB_EDGES_Q16.length),
    down: new Float64Array(THROUGHPUT_EDGES_Q16.length),
    up: new Float64Array(THROUGHPUT_EDGES_Q16.length),
    fresh: scaleEdges(FRESHNESS_TERM_MS, FRESHNESS_EDGES_Q16, new Float64Array(FRESHNESS_EDGES_Q16.length)),
  }
}

export function setEdges(edges: Edges, terms: SlaTerms): void {
  scaleEdges(terms.ttfbP95Ms || TTFB_REFERENCE_MS, TTFB_EDGES_Q16, edges.ttfb)
  scaleEdges(terms.downP10Kbps || THROUGHPUT_REFERENCE_KBPS, THROUGHPUT_EDGES_Q16, edges.down)
  scaleEdges(terms.upP10Kbps || THROUGHPUT_REFERENCE_KBPS, THROUGHPUT_EDGES_Q16, edges.up)
}

/** What an epoch's reports amount to; filled by countReports. */
export interface EpochTally {
  usable: number
  failed: number
  writable: number
  unwritable: number
  challenges: number
  losses: number
}

export function createTally(): EpochTally {
  return { usable: 0, failed: 0, writable: 0, unwritable: 0, challenges: 0, losses: 0 }
}

function count(counters: Uint16Array, base: number, outcome: number, attempts: number, other: number, otherIs: number) {
  if (outcome === NOTHING || outcome === UNUSABLE || counters[base + attempts] === 65_535) return
  counters[base + attempts]!++
  if ((outcome === GOOD ? GOOD : BAD) === otherIs) counters[base + other]!++
}

function addSamples(table: UnitTable, slotBase: number, reports: UnitReports, k: number, edges: Edges): void {
  const latency = reports.ttfbMs[k]!
  if (latency > 0) addWide(table.ttfb, slotBase * TTFB_BINS + lateBin(edges.ttfb, TTFB_EDGES_Q16.length, latency))
  const small = (kind: number, bin: number) =>
    addSmall(table.small, (slotBase * SMALL_HISTOGRAMS + kind) * SMALL_BINS, SMALL_BINS, bin)
  const down = reports.downKbps[k]!
  if (down > 0) small(DOWN, fastBin(edges.down, SMALL_BINS - 1, down))
  const up = reports.upKbps[k]!
  if (up > 0) small(UP, fastBin(edges.up, SMALL_BINS - 1, up))
  const fresh = reports.freshMs[k]!
  if (fresh > 0) small(FRESH, lateBin(edges.fresh, SMALL_BINS - 1, fresh))
}

/** Adds every report to its reporter's counters and histograms, and fills the tally. */
export function countReports(
  table: UnitTable,
  row: number,
  reports: UnitReports,
  edges: Edges,
  tally: EpochTally,
): void {
  tallyReports(reports, tally)
  for (let k = 0; k < reports.count; k++) {
    const slotBase = row * table.slots + reports.slot[k]!
    const base = slotBase * COUNTERS
    count(table.counters, base, reports.service[k]!, ATTEMPTS, SUCCESSES, GOOD)
    count(table.counters, base, reports.write[k]!, OP_ATTEMPTS, OP_FAILURES, BAD)
    count(table.counters, base, reports.freshness[k]!, OP_ATTEMPTS, OP_FAILURES, BAD)
    count(table.counters, base, reports.integrity[k]!, CHALLENGES, CHALLENGE_FAILURES, BAD)
    addSamples(table, slotBase, reports, k, edges)
  }
}

export function tallyReports(reports: UnitReports, tally: EpochTally): void {
  tally.usable = 0
  tally.failed = 0
  tally.writable = 0
  tally.unwritable = 0
  tally.challenges = 0
  tally.losses = 0
  for (let k = 0; k < reports.count; k++) {
    const service = reports.service[k]!
    if (service === GOOD || service === BAD) tally.usable++
    if (service === BAD) tally.failed++
    if (reports.write[k] === GOOD) tally.writable++
    if (reports.write[k] === BAD) tally.unwritable++
    const challenge = reports.integrity[k]!
    if (challenge === GOOD || challenge === BAD || challenge === LOST) tally.challenges++
    if (challenge === LOST) tally.losses++
  }
}
