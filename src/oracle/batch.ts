/**
 * The batch: one oracle's observations of one epoch, columnar. One byte layout for each content: version, row count, then
 * the columns one after the other, little-endian; rows strictly ascending by (unit, task). 14 bytes a row.
 */
import { LightmeshError } from '../core/errors.ts'
import type { Hash32 } from '../core/ids.ts'
import { keccak256Hex } from '../core/keccak.ts'
import {
  type ObservationColumns,
  outcomeOf,
  PROBE_OUTCOMES,
  PROBE_TASKS,
  type ProbeTask,
} from '../core/observations.ts'
import type { ProbeResult } from '../core/ports/unit-probe.ts'
import type { Assignment } from './assignment.ts'

const VERSION = 1
const HEAD_BYTES = 5
const ROW_BYTES = 14
const MAX_U32 = 2 ** 32 - 1

export class BatchError extends LightmeshError<'malformed' | 'not-ascending' | 'unknown-value'> {
  override readonly name = 'BatchError'
}

/** One row before it is put into columns. */
export interface ObservationRow {
  unit: number
  task: ProbeTask
  result: ProbeResult
}

/** Longest batch for this many units: also the ceiling for fetching one. */
export function maxBatchBytes(units: number): number {
  return HEAD_BYTES + units * PROBE_TASKS.length * ROW_BYTES
}

export function batchHash(bytes: Uint8Array): Hash32 {
  return keccak256Hex(bytes)
}

/** Columns from rows in any order; a second row of the same unit and task is left out. */
export function toColumns(rows: readonly ObservationRow[]): ObservationColumns {
  const key = (row: ObservationRow) => row.unit * PROBE_TASKS.length + PROBE_TASKS.indexOf(row.task)
  const sorted = [...rows].sort((a, b) => key(a) - key(b))
  const kept = sorted.filter((row, i) => i === 0 || key(sorted[i - 1]!) !== key(row))
  const columns = emptyColumns(kept.length)
  kept.forEach(({ unit, task, result }, i) => {
    columns.unit[i] = unit
    columns.task[i] = PROBE_TASKS.indexOf(task)
    columns.outcome[i] = PROBE_OUTCOMES[result.outcome]
    columns.ttfbMs[i] = clampU32(result.ttfbMs)
    columns.kbps[i] = clampU32(result.kbps)
  })
  return columns
}

const clampU32 = (value: number) => Math.min(MAX_U32, Math.max(0, Math.floor(value)))

function emptyColumns(rows: number): ObservationColumns {
  return {
    unit: new Uint32Array(rows),
    task: new Uint8Array(rows),
    outcome: new Uint8Array(rows),
    ttfbMs: new Uint32Array(rows),
    kbps: new Uint32Array(rows),
  }
}

export function encodeBatch(columns: ObservationColumns): Uint8Array {
  const rows = columns.unit.length
  const out = new Uint8Array(HEAD_BYTES + rows * ROW_BYTES)
  const view = new DataView(out.buffer)
  out[0] = VERSION
  view.setUint32(1, rows, true)
  const [unitAt, taskAt, outcomeAt, ttfbAt, kbpsAt] = offsets(rows)
  out.set(columns.task, taskAt)
  out.set(columns.outcome, outcomeAt)
  for (let i = 0; i < rows; i++) {
    view.setUint32(unitAt + 4 * i, columns.unit[i]!, true)
    view.setUint32(ttfbAt + 4 * i, columns.ttfbMs[i]!, true)
    view.setUint32(kbpsAt + 4 * i, columns.kbps[i]!, true)
  }
  return out
}

function offsets(rows: number): [number, number, number, number, number] {
  const unit = HEAD_BYTES
  const task = unit + 4 * rows
  const outcome = task + rows
  const ttfb = outcome + rows
  return [unit, task, outcome, ttfb, ttfb + 4 * rows]
}

/**
 * @param units number of units of the epoch; no row may name another.
 * @throws {BatchError}
 */
export function decodeBatch(bytes: Uint8Array, units: number): ObservationColumns {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < HEAD_BYTES || bytes[0] !== VERSION) throw new BatchError('malformed', 'not a batch')
  const rows = view.getUint32(1, true)
  if (bytes.length !== HEAD_BYTES + rows * ROW_BYTES) throw new BatchError('malformed', 'a batch of the wrong length')
  const columns = emptyColumns(rows)
  const [unitAt, taskAt, outcomeAt, ttfbAt, kbpsAt] = offsets(rows)
  columns.task.set(bytes.subarray(taskAt, taskAt + rows))
  columns.outcome.set(bytes.subarray(outcomeAt, outcomeAt + rows))
  let previous = -1
  for (let i = 0; i < rows; i++) {
    const unit = view.getUint32(unitAt + 4 * i, true)
    const task = columns.task[i]!
    const key = unit * PROBE_TASKS.length + task
    if (key <= previous) throw new BatchError('not-ascending', `row ${i} is out of order`)
    if (unit >= units || task >= PROBE_TASKS.length || outcomeOf(columns.outcome[i]!) === undefined)
      throw new BatchError('unknown-value', `row ${i} names an unknown unit, task or outcome`)
    previous = key
    columns.unit[i] = unit
    columns.ttfbMs[i] = view.getUint32(ttfbAt + 4 * i, true)
    columns.kbps[i] = view.getUint32(kbpsAt + 4 * i, true)
  }
  return columns
}

/** The rows that the assignment owes; the rest is void (docs/protocol.md 5.5). */
export function withoutVoid(columns: ObservationColumns, assignment: Assignment): ObservationColumns {
  const { unit, task } = columns
  const total = unit.length
  // Honest batches hold nothing void: find the first such row before anything is copied.
  let good = 0
  while (good < total && assignment.owes(unit[good]!, task[good]!)) good++
  if (good === total) return columns
  const rows: number[] = []
  for (let i = 0; i < total; i++) if (i < good || assignment.owes(unit[i]!, task[i]!)) rows.push(i)
  const kept = emptyColumns(rows.length)
  rows.forEach((from, to) => {
    kept.unit[to] = columns.unit[from]!
    kept.task[to] = columns.task[from]!
    kept.outcome[to] = columns.outcome[from]!
    kept.ttfbMs[to] = columns.ttfbMs[from]!
    kept.kbps[to] = columns.kbps[from]!
  })
  return kept
}
