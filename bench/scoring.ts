/** The evaluation of 100,000 units × 15 reporters: an ordinary epoch, and one at which every unit's day closes. */
import type { Address } from '../src/core/ids.ts'
import type { ObservationColumns } from '../src/core/observations.ts'
import { PROBE_OUTCOMES } from '../src/core/observations.ts'
import { DEFAULT_PARAMS } from '../src/core/params.ts'
import { createEpochUnits, type EpochUnits } from '../src/scoring/epoch-units.ts'
import { evaluateEpoch } from '../src/scoring/evaluate-epoch.ts'
import type { EpochReport } from '../src/scoring/evaluation.ts'
import { recordHash, reportersDigest } from '../src/scoring/record-codec.ts'
import { createUnitTable, tableBytes } from '../src/scoring/unit-table.ts'

const UNITS = 100_000
const REPORTERS = 15
const EPOCHS = 5
const BUDGET_MS = 1_500

/** Marsaglia's xorshift32: the same rows on every machine. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

function benchUnits(): EpochUnits {
  const units = createEpochUnits(UNITS)
  const view = new DataView(units.ids.buffer)
  for (let i = 0; i < UNITS; i++) {
    view.setUint32(i * 32, i * 42_949)
    view.setUint32(i * 32 + 28, Math.imul(i, 2_654_435_761) >>> 0)
    units.status[i] = 1
    units.availabilityPpm[i] = 999_000
    units.ttfbP95Ms[i] = 200
    units.downP10Kbps[i] = 50_000
    units.upP10Kbps[i] = 20_000
  }
  return units
}

/** One read a unit, one in 16 large enough for a throughput; an integrity challenge in 8, a write in 16. */
function benchReport(reporter: number, epoch: number): EpochReport {
  const random = generator(1 + reporter * 7_919 + epoch * 104_729)
  const rows: number[] = []
  for (let unit = 0; unit < UNITS; unit++) {
    const chance = random()
    const extra = chance & 15
    rows.push(
      unit,
      0,
      chance % 997 === 0 ? PROBE_OUTCOMES['http-5xx'] : 0,
      60 + ((chance >>> 8) % 200),
      extra === 0 ? 70_000 : 0,
    )
    if (extra === 1) rows.push(unit, 1, 0, 50, 30_000)
    if (extra >= 14) rows.push(unit, 2, 0, 70, 0)
  }
  const count = rows.length / 5
  const columns: ObservationColumns = {
    unit: new Uint32Array(count),
    task: new Uint8Array(count),
    outcome: new Uint8Array(count),
    ttfbMs: new Uint32Array(count),
    kbps: new Uint32Array(count),
  }
  for (let i = 0; i < count; i++) {
    columns.unit[i] = rows[i * 5]!
    columns.task[i] = rows[i * 5 + 1]!
    columns.outcome[i] = rows[i * 5 + 2]!
    columns.ttfbMs[i] = rows[i * 5 + 3]!
    columns.kbps[i] = rows[i * 5 + 4]!
  }
  return { reporter: `0x${reporter.toString(16).padStart(40, '0')}` as Address, columns }
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!
}

/** Runs `epochs` evaluations on one growing table and times each. */
function timeEpochs(units: EpochUnits, epochsPerDay: number, epochs: number) {
  const params = { ...DEFAULT_PARAMS, epochsPerDay }
  let table = createUnitTable()
  const times: number[] = []
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const reports = Array.from({ length: REPORTERS }, (_, i) => benchReport(i, epoch))
    const start = performance.now()
    table = evaluateEpoch({ table, epoch, units, reports, params, n: REPORTERS, f: 4 }).table
    times.push(performance.now() - start)
  }
  return { times, table }
}

export function run(args: readonly string[]): void {
  const units = benchUnits()
  const ordinary = timeEpochs(units, 144, EPOCHS + 1)
  const closing = timeEpochs(units, 1, EPOCHS + 1)
  const digest = reportersDigest(ordinary.table.reporters)
  const start = performance.now()
  for (let row = 0; row < UNITS; row++) recordHash(ordinary.table, row, digest)
  const recordHashesMs = performance.now() - start
  const result = {
    units: UNITS,
    reporters: REPORTERS,
    epochMs: Math.round(median(ordinary.times.slice(1))),
    dayCloseMs: Math.round(median(closing.times.slice(1))),
    firstEpochMs: Math.round(ordinary.times[0]!),
    recordHashesMs: Math.round(recordHashesMs),
    tableMiB: Math.round(tableBytes(ordinary.table) / 2 ** 20),
    tableMiBAt60Reporters: Math.round(tableBytes(createUnitTable(UNITS, 64)) / 2 ** 20),
    rssMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
    budgetMs: BUDGET_MS,
  }
  if (args.includes('--json')) console.log(JSON.stringify(result))
  else console.table(result)
  if (result.epochMs > BUDGET_MS || result.dayCloseMs > BUDGET_MS) process.exitCode = 1
}
