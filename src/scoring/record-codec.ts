/**
 * The canonical bytes of a unit's recorded state (docs/scoring.md 8). `recordHash` in the leaf is their keccak256, so a
 * root anchors everything that the next evaluation reads. Big-endian; counts as minimal LEB128; bins only where filled.
 */
import { keccak256 } from '../core/keccak.ts'
import { ScoringError } from './errors.ts'
import { MAX_REPORTERS, type ReporterTable } from './reporter-table.ts'
import { COUNTERS, SCALAR_COLUMNS, SMALL_BINS, SMALL_HISTOGRAMS, TTFB_BINS, type UnitTable } from './unit-table.ts'

const RECORD_VERSION = 1

/** Columns that the leaf itself carries. */
const PUBLIC = new Set<string>([
  'state',
  'scoreBps',
  'metEpochs',
  'missedEpochs',
  'neutralEpochs',
  'lossIncidents',
  'availabilityPpm',
  'ttfbP95Ms',
  'downP10Kbps',
  'upP10Kbps',
  'samples',
  'paidBpsSum',
])

type ScalarName = (typeof SCALAR_COLUMNS)[keyof typeof SCALAR_COLUMNS][number]
interface Field {
  name: ScalarName
  bytes: number
}
const WIDTH = { U8: 1, U16: 2, U32: 4, F64: 7 } as const
const FIELDS: Field[] = (Object.keys(WIDTH) as (keyof typeof WIDTH)[]).flatMap((kind) =>
  SCALAR_COLUMNS[kind].map((name) => ({ name, bytes: WIDTH[kind] })),
)
const PUBLIC_FIELDS = FIELDS.filter((field) => PUBLIC.has(field.name))
const RECORD_FIELDS = FIELDS.filter((field) => !PUBLIC.has(field.name))
const size = (fields: readonly Field[]) => fields.reduce((sum, field) => sum + field.bytes, 0)

/** Bytes of the leaf's own fields in a snapshot row. */
export const PUBLIC_BYTES = size(PUBLIC_FIELDS)
const BITMAP_BYTES = MAX_REPORTERS / 8
const HEAD_BYTES = 1 + 32 + size(RECORD_FIELDS) + BITMAP_BYTES
const SLOT_BYTES = COUNTERS * 3 + 2 + TTFB_BINS * 3 + SMALL_HISTOGRAMS * (1 + SMALL_BINS)
/** Room that any record fits in. */
export const MAX_RECORD_BYTES = HEAD_BYTES + MAX_REPORTERS * SLOT_BYTES

function putUint(out: Uint8Array, at: number, bytes: number, value: number): number {
  let rest = value
  for (let i = bytes - 1; i >= 0; i--) {
    out[at + i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return at + bytes
}

function putScalars(table: UnitTable, row: number, fields: readonly Field[], out: Uint8Array, start: number): number {
  let at = start
  for (const { name, bytes } of fields) at = putUint(out, at, bytes, table[name][row]!)
  return at
}

function putCount(out: Uint8Array, start: number, value: number): number {
  let at = start
  let rest = value
  while (rest > 127) {
    out[at++] = (rest & 127) | 128
    rest >>>= 7
  }
  out[at++] = rest
  return at
}

/** keccak256 over the slots' addresses and last epochs: part of each record, computed once an epoch. */
export function reportersDigest(reporters: ReporterTable): Uint8Array {
  const out = new Uint8Array(reporters.addresses.length * 25)
  reporters.addresses.forEach((address, slot) => {
    for (let i = 0; i < 20; i++) out[slot * 25 + i] = Number.parseInt(address.slice(2 + 2 * i, 4 + 2 * i), 16)
    putUint(out, slot * 25 + 20, 5, reporters.lastEpoch[slot]!)
  })
  return keccak256(out)
}

/** Whether a slot holds anything. */
export function slotInUse(table: UnitTable, row: number, slot: number): boolean {
  const base = row * table.slots + slot
  for (let i = base * COUNTERS; i < (base + 1) * COUNTERS; i++) if (table.counters[i] !== 0) return true
  return false
}

function putSlot(table: UnitTable, base: number, out: Uint8Array, start: number): number {
  let at = start
  for (let i = base * COUNTERS; i < (base + 1) * COUNTERS; i++) at = putCount(out, at, table.counters[i]!)
  const ttfbMap = at
  let filled = 0
  at += 2
  for (let bin = 0; bin < TTFB_BINS; bin++) {
    const count = table.ttfb[base * TTFB_BINS + bin]!
    if (count === 0) continue
    filled |= 1 << bin
    at = putCount(out, at, count)
  }
  out[ttfbMap] = filled >>> 8
  out[ttfbMap + 1] = filled & 255
  for (let kind = 0; kind < SMALL_HISTOGRAMS; kind++) {
    const map = at++
    filled = 0
    for (let bin = 0; bin < SMALL_BINS; bin++) {
      const count = table.small[(base * SMALL_HISTOGRAMS + kind) * SMALL_BINS + bin]!
      if (count === 0) continue
      filled |= 1 << bin
      out[at++] = count
    }
    out[map] = filled
  }
  return at
}

/**
 * Writes the record of a row and returns the offset behind it.
 * @param digest of `table.reporters`
 * @param out at least MAX_RECORD_BYTES from `start`
 */
export function encodeRecord(
  table: UnitTable,
  row: number,
  digest: Uint8Array,
  out: Uint8Array,
  start: number,
): number {
  out[start] = RECORD_VERSION
  out.set(digest, start + 1)
  let at = putScalars(table, row, RECORD_FIELDS, out, start + 33)
  const bitmap = at
  out.fill(0, bitmap, bitmap + BITMAP_BYTES)
  at += BITMAP_BYTES
  for (let slot = 0; slot < table.slots; slot++) {
    if (!slotInUse(table, row, slot)) continue
    out[bitmap + (slot >>> 3)]! |= 1 << (slot & 7)
    at = putSlot(table, row * table.slots + slot, out, at)
  }
  return at
}

const scratch = new Uint8Array(MAX_RECORD_BYTES)

export function recordHash(table: UnitTable, row: number, digest: Uint8Array): Uint8Array {
  return keccak256(scratch.subarray(0, encodeRecord(table, row, digest, scratch, 0)))
}

/** A snapshot's row: the leaf's own fields (PUBLIC_BYTES), then the record. */
export function encodeRow(table: UnitTable, row: number, digest: Uint8Array): Uint8Array {
  const at = putScalars(table, row, PUBLIC_FIELDS, scratch, 0)
  const copy = scratch.slice(0, at)
  const record = scratch.slice(0, encodeRecord(table, row, digest, scratch, 0))
  const out = new Uint8Array(copy.length + record.length)
  out.set(copy)
  out.set(record, copy.length)
  return out
}

class Reader {
  readonly #bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.at === this.#bytes.length
  }

  byte(): number {
    const value = this.#bytes[this.at++]
    if (value === undefined) throw new ScoringError('bad-record', 'the record ends too early')
    return value
  }

  uint(bytes: number): number {
    let value = 0
    for (let i = 0; i < bytes; i++) value = value * 256 + this.byte()
    if (!Number.isSafeInteger(value)) throw new ScoringError('bad-record', 'a number exceeds 53 bits')
    return value
  }

  count(): number {
    let value = 0
    for (let shift = 0; shift < 21; shift += 7) {
      const byte = this.byte()
      value |= (byte & 127) << shift
      if (byte < 128) {
        if ((byte === 0 && shift > 0) || value > 65_535) break
        return value
      }
    }
    throw new ScoringError('bad-record', 'a count is not minimal or exceeds 16 bits')
  }
}

function takeScalars(table: UnitTable, row: number, fields: readonly Field[], reader: Reader): void {
  for (const { name, bytes } of fields) table[name][row] = reader.uint(bytes)
}

function takeSlot(table: UnitTable, base: number, reader: Reader): void {
  for (let i = base * COUNTERS; i < (base + 1) * COUNTERS; i++) table.counters[i] = reader.count()
  const ttfb = reader.uint(2)
  for (let bin = 0; bin < TTFB_BINS; bin++)
    if (ttfb & (1 << bin)) table.ttfb[base * TTFB_BINS + bin] = nonZero(reader.count())
  for (let kind = 0; kind < SMALL_HISTOGRAMS; kind++) {
    const map = reader.byte()
    for (let bin = 0; bin < SMALL_BINS; bin++)
      if (map & (1 << bin)) table.small[(base * SMALL_HISTOGRAMS + kind) * SMALL_BINS + bin] = nonZero(reader.byte())
  }
}

function nonZero(value: number): number {
  if (value === 0) throw new ScoringError('bad-record', 'a bin that is marked as filled is empty')
  return value
}

/**
 * Fills row `row` of a fresh table from a snapshot's row; the caller has set `ids` and checks the leaf against a root.
 * @throws {ScoringError} `bad-record` for anything that encodeRow would not have written.
 */
export function decodeRow(table: UnitTable, row: number, digest: Uint8Array, bytes: Uint8Array): void {
  const reader = new Reader(bytes)
  takeScalars(table, row, PUBLIC_FIELDS, reader)
  if (reader.byte() !== RECORD_VERSION) throw new ScoringError('bad-record', 'unknown record version')
  for (let i = 0; i < 32; i++)
    if (reader.byte() !== digest[i]) throw new ScoringError('bad-record', 'the record belongs to other reporters')
  takeScalars(table, row, RECORD_FIELDS, reader)
  const bitmap: number[] = []
  for (let i = 0; i < BITMAP_BYTES; i++) bitmap.push(reader.byte())
  for (let slot = 0; slot < MAX_REPORTERS; slot++) {
    if ((bitmap[slot >>> 3]! & (1 << (slot & 7))) === 0) continue
    if (slot >= table.slots) throw new ScoringError('bad-record', `slot ${slot} exceeds the table's ${table.slots}`)
    takeSlot(table, row * table.slots + slot, reader)
    if (!slotInUse(table, row, slot)) throw new ScoringError('bad-record', `slot ${slot} is marked but empty`)
  }
  if (!reader.done) throw new ScoringError('bad-record', 'bytes behind the record')
}
