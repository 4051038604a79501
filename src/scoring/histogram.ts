/**
 * Per reporter, a histogram of each metric over bins that are multiples of the unit's own term: the term, twice and
 * four times it are edges, so that "worse than the term" is exact although a bin is half an octave wide.
 */
import { TWO_16 } from './fixed.ts'

const MAX_VALUE = 0xffff_ffff

/** Fills `out` with ⌊reference · edge⌋ and returns it. */
export function scaleEdges(reference: number, edgesQ16: readonly number[], out: Float64Array): Float64Array {
  for (let i = 0; i < edgesQ16.length; i++) out[i] = Math.floor((reference * edgesQ16[i]!) / TWO_16)
  return out
}

/** Bin of a value where small is good: bin b holds edge b−1 < x ≤ edge b. */
export function lateBin(edges: Float64Array, count: number, value: number): number {
  let bin = 0
  while (bin < count && value > edges[bin]!) bin++
  return bin
}

/** Bin of a value where large is good: bin b holds edge b−1 ≤ x < edge b. */
export function fastBin(edges: Float64Array, count: number, value: number): number {
  let bin = 0
  while (bin < count && value >= edges[bin]!) bin++
  return bin
}

/** Adds one; a full counter of 16 bits stays, it is halved daily. */
export function addWide(bins: Uint16Array, at: number): void {
  if (bins[at]! < 65_535) bins[at]!++
}

/** Adds one; when the counter of 8 bits is full, the whole histogram is halved first, which keeps its shape. */
export function addSmall(bins: Uint8Array, start: number, length: number, bin: number): void {
  if (bins[start + bin] === 255) for (let i = start; i < start + length; i++) bins[i] = bins[i]! >> 1
  bins[start + bin]!++
}

/**
 * The half-life of a day: (c + parity) >> 1, with the parity of the number of days closed. Rounding up and down by turns
 * keeps a rare slow sample from vanishing at once and from staying for ever.
 */
export function halve(bins: Uint16Array | Uint8Array, start: number, end: number, parity: number): void {
  for (let i = start; i < end; i++) bins[i] = (bins[i]! + parity) >> 1
}

/** At least 1: a published 0 means that nothing is claimed. */
function bounded(value: number): number {
  return Math.min(MAX_VALUE, Math.max(1, value))
}

/**
 * p95 of a latency histogram with `total` > 0 samples: rank ⌈0.95·total⌉, linear within its bin and rounded up, for a bin
 * holds nothing at its lower edge: of samples above the term the p95 is above the term.
 */
export function p95(bins: Uint16Array | Uint8Array, start: number, edges: Float64Array, count: number, total: number) {
  const rank = total - Math.floor(total / 20)
  let before = 0
  let bin = 0
  while (before + bins[start + bin]! < rank) before += bins[start + bin++]!
  const lower = bin === 0 ? 0 : edges[bin - 1]!
  const upper = bin === count ? 2 * lower : edges[bin]!
  return bounded(lower + Math.ceil(((upper - lower) * (rank - before)) / bins[start + bin]!))
}

/** p10 of a throughput histogram with `total` > 0 samples: rank ⌈0.1·total⌉, linear within its bin. */
export function p10(bins: Uint8Array, start: number, edges: Float64Array, count: number, total: number): number {
  const rank = Math.ceil(total / 10)
  let before = 0
  let bin = 0
  while (before + bins[start + bin]! < rank) before += bins[start + bin++]!
  const lower = bin === 0 ? 0 : edges[bin - 1]!
  const upper = bin === count ? 2 * lower : edges[bin]!
  return bounded(lower + Math.floor(((upper - lower) * (rank - before - 1)) / bins[start + bin]!))
}
