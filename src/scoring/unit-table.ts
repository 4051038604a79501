/**
 * The recorded state of all units, as columns: one row a unit, ascending by unit id. Everything is an integer; the
 * Float64 columns hold integers below 2^53, which a double represents exactly and BigInt only slowly.
 *
 * The *public* columns are the fields of the attested leaf. The *recorded* ones are what the next evaluation needs
 * besides; the leaf commits to them through `recordHash` (record-codec.ts).
 */
import { createReporterTable, type ReporterTable, SLOT_STEP } from './reporter-table.ts'

/** Per reporter slot of a unit; see the offsets below. */
export const COUNTERS = 8
/** Offsets into a slot's counters: attempts and successes of the day before, of the current day … */
export const PREV_ATTEMPTS = 0
export const PREV_SUCCESSES = 1
export const ATTEMPTS = 2
export const SUCCESSES = 3
/** … operations other than plain reads, and integrity challenges; both fade by half a day. */
export const OP_ATTEMPTS = 4
export const OP_FAILURES = 5
export const CHALLENGES = 6
export const CHALLENGE_FAILURES = 7

/** Bins of the latency histogram of a slot. */
export const TTFB_BINS = 16
/** Bins of each of the three small histograms of a slot: download, upload, read-after-write. */
export const SMALL_BINS = 8
export const SMALL_HISTOGRAMS = 3
export const DOWN = 0
export const UP = 1
export const FRESH = 2

const U8 = ['state', 'stateReason'] as const
const U16 = [
  'scoreBps',
  'badDays',
  'cleanDays',
  'missedInRow',
  'dayCounted',
  'dayChallenged',
  'maintenanceUsed',
  'lossDays',
] as const
const U32 = [
  'metEpochs',
  'missedEpochs',
  'neutralEpochs',
  'lossIncidents',
  'availabilityPpm',
  'ttfbP95Ms',
  'downP10Kbps',
  'upP10Kbps',
  'samples',
  'dayPaidBps',
  'daysClosed',
] as const
const F64 = [
  'paidBpsSum',
  'firstEpoch',
  'stateSinceEpoch',
  'slowSuccess',
  'slowFailure',
  'fastSuccess',
  'fastFailure',
  'integritySuccess',
  'integrityFailure',
  'paidMass',
  'paidWeight',
] as const

/** Scalar columns in the order of the record's encoding. */
export const SCALAR_COLUMNS = { U8, U16, U32, F64 } as const

type Columns<K extends readonly string[], A> = { [name in K[number]]: A }

/** One value a row in every column; `paidBpsSum`, Σ of paid basis points, stays below 2^53 for 6,000 years. */
export type UnitTable = Columns<typeof U8, Uint8Array> &
  Columns<typeof U16, Uint16Array> &
  Columns<typeof U32, Uint32Array> &
  Columns<typeof F64, Float64Array> & {
    /** Epoch of the last evaluation, −1 before the first. */
    epoch: number
    /** Rows in use. */
    count: number
    /** 32 bytes a row. */
    ids: Uint8Array
    reporters: ReporterTable
    /** Reporter slots a row has room for: a multiple of SLOT_STEP, so that 15 reporters don't cost the room of 64. */
    slots: number
    /** `[row][slot][COUNTERS]` */
    counters: Uint16Array
    /** `[row][slot][TTFB_BINS]` */
    ttfb: Uint16Array
    /** `[row][slot][SMALL_HISTOGRAMS][SMALL_BINS]` */
    small: Uint8Array
  }

const SMALL_ROOM = SMALL_BINS * SMALL_HISTOGRAMS

/**
 * A table of zeroed rows; nothing evaluated yet. One literal and no loop over names: V8 gives objects that are filled by
 * computed keys the dictionary layout, in which each access to a column of the hot loops costs a hash look-up.
 */
export function createUnitTable(count = 0, slots = SLOT_STEP, reporters = createReporterTable()): UnitTable {
  return {
    epoch: -1,
    count,
    ids: new Uint8Array(count * 32),
    reporters,
    slots,
    counters: new Uint16Array(count * slots * COUNTERS),
    ttfb: new Uint16Array(count * slots * TTFB_BINS),
    small: new Uint8Array(count * slots * SMALL_ROOM),
    state: new Uint8Array(count),
    stateReason: new Uint8Array(count),
    scoreBps: new Uint16Array(count),
    badDays: new Uint16Array(count),
    cleanDays: new Uint16Array(count),
    missedInRow: new Uint16Array(count),
    dayCounted: new Uint16Array(count),
    dayChallenged: new Uint16Array(count),
    maintenanceUsed: new Uint16Array(count),
    lossDays: new Uint16Array(count),
    metEpochs: new Uint32Array(count),
    missedEpochs: new Uint32Array(count),
    neutralEpochs: new Uint32Array(count),
    lossIncidents: new Uint32Array(count),
    availabilityPpm: new Uint32Array(count),
    ttfbP95Ms: new Uint32Array(count),
    downP10Kbps: new Uint32Array(count),
    upP10Kbps: new Uint32Array(count),
    samples: new Uint32Array(count),
    dayPaidBps: new Uint32Array(count),
    daysClosed: new Uint32Array(count),
    paidBpsSum: new Float64Array(count),
    firstEpoch: new Float64Array(count),
    stateSinceEpoch: new Float64Array(count),
    slowSuccess: new Float64Array(count),
    slowFailure: new Float64Array(count),
    fastSuccess: new Float64Array(count),
    fastFailure: new Float64Array(count),
    integritySuccess: new Float64Array(count),
    integrityFailure: new Float64Array(count),
    paidMass: new Float64Array(count),
    paidWeight: new Float64Array(count),
  }
}

/** Copies row `from` of `source` to row `to` of `target`, which has at least as many slots. */
export function copyRow(source: UnitTable, from: number, target: UnitTable, to: number): void {
  for (const name of U8) target[name][to] = source[name][from]!
  for (const name of U16) target[name][to] = source[name][from]!
  for (const name of U32) target[name][to] = source[name][from]!
  for (const name of F64) target[name][to] = source[name][from]!
  target.ids.set(source.ids.subarray(from * 32, from * 32 + 32), to * 32)
  const copySlots = (a: Uint8Array | Uint16Array, b: Uint8Array | Uint16Array, room: number) =>
    b.set(a.subarray(from * source.slots * room, (from + 1) * source.slots * room), to * target.slots * room)
  copySlots(source.counters, target.counters, COUNTERS)
  copySlots(source.ttfb, target.ttfb, TTFB_BINS)
  copySlots(source.small, target.small, SMALL_ROOM)
}

/** Empties one slot of a row. */
export function eraseSlot(table: UnitTable, row: number, slot: number): void {
  const base = row * table.slots + slot
  table.counters.fill(0, base * COUNTERS, (base + 1) * COUNTERS)
  table.ttfb.fill(0, base * TTFB_BINS, (base + 1) * TTFB_BINS)
  table.small.fill(0, base * SMALL_ROOM, (base + 1) * SMALL_ROOM)
}

/** A copy with the same rows that shares nothing with the original. */
export function cloneTable(table: UnitTable): UnitTable {
  const copy = createUnitTable(0, table.slots, {
    addresses: [...table.reporters.addresses],
    lastEpoch: table.reporters.lastEpoch.slice(),
  })
  copy.epoch = table.epoch
  copy.count = table.count
  for (const name of U8) copy[name] = table[name].slice()
  for (const name of U16) copy[name] = table[name].slice()
  for (const name of U32) copy[name] = table[name].slice()
  for (const name of F64) copy[name] = table[name].slice()
  copy.ids = table.ids.slice()
  copy.counters = table.counters.slice()
  copy.ttfb = table.ttfb.slice()
  copy.small = table.small.slice()
  return copy
}

/** Bytes that the columns take; the bound of docs/scoring.md is 1 GiB for 100,000 units and 60 reporters. */
export function tableBytes(table: UnitTable): number {
  let bytes = 0
  for (const column of Object.values(table)) if (ArrayBuffer.isView(column)) bytes += column.byteLength
  return bytes
}
