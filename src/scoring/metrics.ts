/**
 * A unit's figures out of its reporters' counters: for each reporter its own rate or quantile, then the median over
 * reporters. A pooled p95 would belong to the first 5 % of liars; a median of p95s needs half of the reporters.
 */
import type { EvaluationParams } from '../core/params.ts'
import { PPM, TTFB_EDGES_Q16 } from './constants.ts'
import type { Edges } from './counters.ts'
import { p10, p95 } from './histogram.ts'
import { medianOf } from './median.ts'
import { MAX_REPORTERS } from './reporter-table.ts'
import {
  ATTEMPTS,
  COUNTERS,
  DOWN,
  FRESH,
  PREV_ATTEMPTS,
  PREV_SUCCESSES,
  SMALL_BINS,
  SMALL_HISTOGRAMS,
  SUCCESSES,
  TTFB_BINS,
  type UnitTable,
  UP,
} from './unit-table.ts'
import { throughputSamples } from './verdict.ts'

export interface UnitMetrics {
  /** Median of the rates over the previous and the current day; 0 when not judged. */
  availabilityPpm: number
  availabilityJudged: boolean
  /** 0: no claim. */
  ttfbP95Ms: number
  ttfbSamples: number
  downP10Kbps: number
  downSamples: number
  upP10Kbps: number
  upSamples: number
  freshnessP95Ms: number
}

export function createUnitMetrics(): UnitMetrics {
  return {
    availabilityPpm: 0,
    availabilityJudged: false,
    ttfbP95Ms: 0,
    ttfbSamples: 0,
    downP10Kbps: 0,
    downSamples: 0,
    upP10Kbps: 0,
    upSamples: 0,
    freshnessP95Ms: 0,
  }
}

const values = new Float64Array(MAX_REPORTERS)

/** Reporter's success rate in ppm over both days, −1 without an attempt. */
export function windowRatePpm(counters: Uint16Array, base: number): number {
  const attempts = counters[base + PREV_ATTEMPTS]! + counters[base + ATTEMPTS]!
  if (attempts === 0) return -1
  return Math.floor(((counters[base + PREV_SUCCESSES]! + counters[base + SUCCESSES]!) * PPM) / attempts)
}

function measureAvailability(table: UnitTable, row: number, minReports: number, out: UnitMetrics): void {
  let reporters = 0
  const end = (row + 1) * table.slots * COUNTERS
  for (let base = row * table.slots * COUNTERS; base < end; base += COUNTERS) {
    const rate = windowRatePpm(table.counters, base)
    if (rate >= 0) values[reporters++] = rate
  }
  out.availabilityJudged = reporters > 0 && reporters >= minReports
  out.availabilityPpm = out.availabilityJudged ? medianOf(values, reporters) : 0
}

function measureLatency(table: UnitTable, row: number, edges: Edges, params: EvaluationParams, out: UnitMetrics): void {
  let reporters = 0
  let samples = 0
  const end = (row + 1) * table.slots * TTFB_BINS
  for (let start = row * table.slots * TTFB_BINS; start < end; start += TTFB_BINS) {
    let total = 0
    for (let bin = 0; bin < TTFB_BINS; bin++) total += table.ttfb[start + bin]!
    if (total === 0) continue
    samples += total
    values[reporters++] = p95(table.ttfb, start, edges.ttfb, TTFB_EDGES_Q16.length, total)
  }
  out.ttfbSamples = samples
  const claimed = reporters > 0 && reporters >= params.minReports && samples >= params.ttfbClaimSamples
  out.ttfbP95Ms = claimed ? medianOf(values, reporters) : 0
}

/** `table.small` in words of four bins: most histograms of most reporters are empty, and two loads show it. */
let wordsOf: Uint8Array | undefined
let words: Uint32Array = new Uint32Array(0)

function viewWords(small: Uint8Array): void {
  if (wordsOf === small) return
  wordsOf = small
  words = new Uint32Array(small.buffer, small.byteOffset, small.length / 4)
}

let lastSamples = 0

/** Median over reporters of one small histogram's quantile, 0 without a claim; leaves the samples in `lastSamples`. */
function measureSmall(
  table: UnitTable,
  row: number,
  kind: number,
  edges: Float64Array,
  minReports: number,
  minSamples: number,
): number {
  let reporters = 0
  let samples = 0
  for (let slot = 0; slot < table.slots; slot++) {
    const start = ((row * table.slots + slot) * SMALL_HISTOGRAMS + kind) * SMALL_BINS
    if (words[start >>> 2] === 0 && words[(start >>> 2) + 1] === 0) continue
    let total = 0
    for (let bin = 0; bin < SMALL_BINS; bin++) total += table.small[start + bin]!
    samples += total
    const quantile = kind === FRESH ? p95 : p10
    values[reporters++] = quantile(table.small, start, edges, SMALL_BINS - 1, total)
  }
  lastSamples = samples
  return reporters > 0 && reporters >= minReports && samples >= minSamples ? medianOf(values, reporters) : 0
}

/** Everything that verdict and leaf show; `edges` are those of the unit's terms. */
export function measure(table: UnitTable, row: number, edges: Edges, params: EvaluationParams, out: UnitMetrics): void {
  const { minReports, ttfbClaimSamples } = params
  viewWords(table.small)
  measureAvailability(table, row, minReports, out)
  measureLatency(table, row, edges, params, out)
  const claimSamples = throughputSamples(ttfbClaimSamples)
  out.downP10Kbps = measureSmall(table, row, DOWN, edges.down, minReports, claimSamples)
  out.downSamples = lastSamples
  out.upP10Kbps = measureSmall(table, row, UP, edges.up, minReports, claimSamples)
  out.upSamples = lastSamples
  out.freshnessP95Ms = measureSmall(table, row, FRESH, edges.fresh, minReports, ttfbClaimSamples)
}

/**
 * Median over reporters of ⌊other · 10^6 / attempts⌋ for one pair of counters (`other`: successes, or failures), −1 with fewer
 * than minReports reporters.
 */
export function medianRatePpm(
  table: UnitTable,
  row: number,
  attemptsAt: number,
  otherAt: number,
  minReports: number,
): number {
  let reporters = 0
  const end = (row + 1) * table.slots * COUNTERS
  for (let base = row * table.slots * COUNTERS; base < end; base += COUNTERS) {
    const attempts = table.counters[base + attemptsAt]!
    if (attempts > 0) values[reporters++] = Math.floor((table.counters[base + otherAt]! * PPM) / attempts)
  }
  return reporters > 0 && reporters >= minReports ? medianOf(values, reporters) : -1
}
