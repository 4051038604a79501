/** What the reporters of an epoch say about one unit, gathered from their columns. */
import { faultOf, outcomeOf, PROBE_OUTCOMES, PROBE_TASKS, type ProbeTask } from '../core/observations.ts'
import { UNIT_KINDS } from '../core/units.ts'
import type { EpochReport } from './evaluation.ts'
import { MAX_REPORTERS } from './reporter-table.ts'

/** What a report says of one task. */
export const NOTHING = 0
export const GOOD = 1
export const BAD = 2
/** The prober's or the chain's fault: the report does not count. */
export const UNUSABLE = 3
/** Integrity only: content that the object index vouches for is gone or altered. */
export const LOST = 4
const INVALID = 5

const CLASS = new Uint8Array(256).fill(INVALID)
for (let value = 0; value < 256; value++) {
  const outcome = outcomeOf(value)
  if (outcome === undefined) continue
  const fault = faultOf(outcome)
  CLASS[value] = fault === 'none' ? GOOD : fault === 'provider' ? BAD : UNUSABLE
}
const LOSSES = new Set<number>([
  PROBE_OUTCOMES['object-missing'],
  PROBE_OUTCOMES['wrong-length'],
  PROBE_OUTCOMES['wrong-content'],
])

const taskIndex = (task: ProbeTask): number => PROBE_TASKS.indexOf(task)
const READ = taskIndex('read')
const WRITE = taskIndex('write')
const INTEGRITY = taskIndex('integrity')
const FRESHNESS = taskIndex('freshness')
const INVOKE = taskIndex('invoke')
const FUNCTION = UNIT_KINDS.indexOf('function')

/** Parallel arrays over the reporters that have a row for the unit. */
export interface UnitReports {
  count: number
  slot: Uint8Array
  /** Reading, or invoking a function unit: what availability means. */
  service: Uint8Array
  write: Uint8Array
  integrity: Uint8Array
  freshness: Uint8Array
  /** 0 where there is none. */
  ttfbMs: Uint32Array
  downKbps: Uint32Array
  upKbps: Uint32Array
  freshMs: Uint32Array
}

export function createUnitReports(): UnitReports {
  const bytes = () => new Uint8Array(MAX_REPORTERS)
  const words = () => new Uint32Array(MAX_REPORTERS)
  return {
    count: 0,
    slot: bytes(),
    service: bytes(),
    write: bytes(),
    integrity: bytes(),
    freshness: bytes(),
    ttfbMs: words(),
    downKbps: words(),
    upKbps: words(),
    freshMs: words(),
  }
}

/** A reporter's place in its columns; units are read in ascending order. */
export interface ReportCursor {
  slot: number
  report: EpochReport
  at: number
}

function clear(out: UnitReports, k: number, slot: number): void {
  out.slot[k] = slot
  out.service[k] = NOTHING
  out.write[k] = NOTHING
  out.integrity[k] = NOTHING
  out.freshness[k] = NOTHING
  out.ttfbMs[k] = 0
  out.downKbps[k] = 0
  out.upKbps[k] = 0
  out.freshMs[k] = 0
}

function take(out: UnitReports, k: number, cursor: ReportCursor, task: number, serviceTask: number): void {
  const { outcome, ttfbMs, kbps } = cursor.report.columns
  const wire = outcome[cursor.at]!
  const verdict = CLASS[wire]!
  if (task === serviceTask) {
    out.service[k] = verdict
    if (verdict === GOOD) {
      out.ttfbMs[k] = ttfbMs[cursor.at]!
      out.downKbps[k] = kbps[cursor.at]!
    }
  } else if (task === WRITE) {
    out.write[k] = verdict
    if (verdict === GOOD) out.upKbps[k] = kbps[cursor.at]!
  } else if (task === INTEGRITY) {
    out.integrity[k] = verdict === BAD && LOSSES.has(wire) ? LOST : verdict
  } else if (task === FRESHNESS) {
    out.freshness[k] = verdict
    if (verdict === GOOD) out.freshMs[k] = ttfbMs[cursor.at]!
  }
}

/** Fills `out` with unit `unit`'s reports; of two rows for one task the first counts, invalid rows are passed over. */
export function readUnit(cursors: readonly ReportCursor[], unit: number, kind: number, out: UnitReports): void {
  const serviceTask = kind === FUNCTION ? INVOKE : READ
  let count = 0
  for (const cursor of cursors) {
    const { unit: units, task: tasks, outcome: outcomes } = cursor.report.columns
    const rows = units.length
    while (cursor.at < rows && units[cursor.at]! < unit) cursor.at++
    let seen = 0
    for (; cursor.at < rows && units[cursor.at] === unit; cursor.at++) {
      const task = tasks[cursor.at]!
      if (task >= PROBE_TASKS.length || seen & (1 << task) || CLASS[outcomes[cursor.at]!] === INVALID) continue
      if (seen === 0) clear(out, count, cursor.slot)
      seen |= 1 << task
      take(out, count, cursor, task, serviceTask)
    }
    if (seen !== 0) count++
  }
  out.count = count
}
