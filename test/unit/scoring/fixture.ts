/** Small epochs for the scoring tests: units with chosen ids, reporters by number, rows by hand. */
import type { Address } from '../../../src/core/ids.ts'
import { PROBE_OUTCOMES, PROBE_TASKS, type ProbeOutcome, type ProbeTask } from '../../../src/core/observations.ts'
import { DEFAULT_PARAMS, type EvaluationParams } from '../../../src/core/params.ts'
import { createEpochUnits, type EpochUnits } from '../../../src/scoring/epoch-units.ts'
import { evaluateEpoch } from '../../../src/scoring/evaluate-epoch.ts'
import type { EpochReport, EvaluateEpochResult } from '../../../src/scoring/evaluation.ts'
import { createUnitTable, type UnitTable } from '../../../src/scoring/unit-table.ts'

/** Ten epochs a day keep a test's days short. */
export const TEST_PARAMS: EvaluationParams = { ...DEFAULT_PARAMS, epochsPerDay: 10 }

/** Ids 0…0n, so that unit n's day closes at the epoch n mod epochsPerDay. */
export function testUnits(...numbers: number[]): EpochUnits {
  const units = createEpochUnits(numbers.length)
  numbers.forEach((number, i) => {
    units.ids[i * 32 + 31] = number
    units.status[i] = 1
    units.availabilityPpm[i] = 999_000
  })
  return units
}

export const reporter = (i: number): Address => `0x${(i + 1).toString(16).padStart(40, '0')}` as Address

export interface Row {
  unit?: number
  task?: ProbeTask
  outcome?: ProbeOutcome
  ttfbMs?: number
  kbps?: number
}

export function report(i: number, rows: readonly Row[]): EpochReport {
  return {
    reporter: reporter(i),
    columns: {
      unit: Uint32Array.from(rows, (row) => row.unit ?? 0),
      task: Uint8Array.from(rows, (row) => PROBE_TASKS.indexOf(row.task ?? 'read')),
      outcome: Uint8Array.from(rows, (row) => PROBE_OUTCOMES[row.outcome ?? 'ok']),
      ttfbMs: Uint32Array.from(rows, (row) => row.ttfbMs ?? 0),
      kbps: Uint32Array.from(rows, (row) => row.kbps ?? 0),
    },
  }
}

/** `count` reporters, the first `failing` of whom say that unit 0 failed. */
export function votes(count: number, failing = 0): EpochReport[] {
  return Array.from({ length: count }, (_, i) => report(i, [{ outcome: i < failing ? 'http-5xx' : 'ok' }]))
}

export interface StepOptions {
  table?: UnitTable
  epoch?: number
  units?: EpochUnits
  params?: EvaluationParams
  n?: number
}

/** One evaluation with nine oracles unless told otherwise. */
export function step(reports: readonly EpochReport[], options: StepOptions = {}): EvaluateEpochResult {
  const table = options.table ?? createUnitTable()
  const n = options.n ?? 9
  return evaluateEpoch({
    table,
    epoch: options.epoch ?? table.epoch + 1,
    units: options.units ?? testUnits(0),
    reports,
    params: options.params ?? TEST_PARAMS,
    n,
    f: Math.floor((n - 1) / 3),
  })
}

/** Epochs one after the other; `reportsOf(epoch)` gives each one's reports. */
export function run(
  epochs: number,
  reportsOf: (epoch: number) => readonly EpochReport[],
  options: StepOptions = {},
): EvaluateEpochResult {
  let result = step(reportsOf((options.table?.epoch ?? -1) + 1), options)
  for (let i = 1; i < epochs; i++)
    result = step(reportsOf(result.table.epoch + 1), { ...options, table: result.table, epoch: result.table.epoch + 1 })
  return result
}
