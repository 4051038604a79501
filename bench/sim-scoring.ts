/**
 * `npm run sim:scoring [-- --json]`: how well the score sees through liars, how soon it sees an outage, how often it cries
 * wolf. Uses nothing but src/scoring; seeded, so that the table in docs/scoring.md is what it prints.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createEpochUnits, type EpochUnits } from '../src/scoring/epoch-units.ts'
import { evaluateEpoch } from '../src/scoring/evaluate-epoch.ts'
import type { EpochReport, EvaluateEpochInput } from '../src/scoring/evaluation.ts'
import { TIERS } from '../src/scoring/ranking.ts'
import { createUnitTable, type UnitTable } from '../src/scoring/unit-table.ts'

const DAY = 144
const REPORTERS = 30
const FAULTY = 9
/** Each reporter is assigned a unit in one epoch of two: 15 of 30 report. */
const ASSIGNED = 0.5
const HTTP_5XX = 9
const GOLD_BPS = TIERS[0].minBps
const PARAMS: EvaluateEpochInput['params'] = {
  epochsPerDay: DAY,
  minReports: 8,
  ttfbClaimSamples: 59,
  ttfbEnforceSamples: 200,
  expectedReporters: 15,
}

type LiarKind = 'all-fail' | 'all-ok'
/** Chance that unit `unit` serves a read in epoch `epoch`. */
type Truth = (unit: number, epoch: number) => number

/** mulberry32: 32 bits of state, the same stream everywhere. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

function simulatedUnits(count: number): EpochUnits {
  const units = createEpochUnits(count)
  const view = new DataView(units.ids.buffer)
  for (let i = 0; i < count; i++) {
    view.setUint32(i * 32, i)
    view.setUint32(i * 32 + 28, i * 37)
    units.availabilityPpm[i] = 999_000
    units.ttfbP95Ms[i] = 200
  }
  return units
}

interface Tally {
  reports: number
  good: number
  epochs: number
  majorityGood: number
}

/** One epoch's reports: the first `liars` reporters say what they like, the others what they saw. */
function observe(
  units: number,
  epoch: number,
  liars: number,
  kind: LiarKind,
  truth: Truth,
  draw: () => number,
  tally: Tally[],
) {
  const said = Array.from({ length: units }, () => ({ good: 0, all: 0 }))
  const reports = Array.from({ length: REPORTERS }, (_, i): EpochReport => {
    const rows: number[] = []
    for (let unit = 0; unit < units; unit++) {
      const [assigned, luck] = [draw() < ASSIGNED, draw()]
      if (!assigned) continue
      const good = i < liars ? kind === 'all-ok' : luck < truth(unit, epoch)
      rows.push(unit, good ? 0 : HTTP_5XX)
      said[unit]!.all++
      if (good) said[unit]!.good++
    }
    const count = rows.length / 2
    const reporter: `0x${string}` = `0x${(i + 1).toString(16).padStart(40, '0')}`
    return {
      reporter,
      columns: {
        unit: Uint32Array.from({ length: count }, (_, k) => rows[2 * k]!),
        task: new Uint8Array(count),
        outcome: Uint8Array.from({ length: count }, (_, k) => rows[2 * k + 1]!),
        ttfbMs: new Uint32Array(count).fill(90),
        kbps: new Uint32Array(count),
      },
    }
  })
  said.forEach(({ good, all }, unit) => {
    const t = tally[unit]!
    t.reports += all
    t.good += good
    t.epochs++
    if (2 * good > all) t.majorityGood++
  })
  return reports
}

interface Run {
  count: number
  epochs: number
  liars: number
  kind: LiarKind
  truth: Truth
  seed: number
  after?: (table: UnitTable, epoch: number) => void
}

function simulate({ count, epochs, liars, kind, truth, seed, after }: Run) {
  const units = simulatedUnits(count)
  const draw = random(seed)
  const tally = Array.from({ length: count }, () => ({ reports: 0, good: 0, epochs: 0, majorityGood: 0 }))
  let table = createUnitTable()
  for (let epoch = 0; epoch < epochs; epoch++) {
    const reports = observe(count, epoch, liars, kind, truth, draw, tally)
    table = evaluateEpoch({ table, epoch, units, reports, params: PARAMS, n: REPORTERS, f: FAULTY }).table
    after?.(table, epoch)
  }
  return { table, tally }
}

const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
const round = (value: number): number => Math.round(value * 10_000) / 10_000

/** Two days of each kind of unit under each kind of liar; averages over the units. */
function estimates() {
  const rows = []
  for (const p of [0.999, 0.95, 0.8, 0.7])
    for (const liars of [0, 0.1, 0.2, 0.3])
      for (const kind of ['all-fail', 'all-ok'] as const) {
        const seed = Math.round(p * 1_000) * 100 + liars * 10 + (kind === 'all-ok' ? 1 : 0)
        const run: Run = {
          count: 40,
          epochs: 2 * DAY - 1,
          liars: Math.round(liars * REPORTERS),
          kind,
          truth: () => p,
          seed,
        }
        const { table, tally } = simulate(run)
        const medians = [...table.availabilityPpm].map((ppm) => ppm / 1e6)
        rows.push({
          p,
          liars,
          kind,
          median: round(average(medians)),
          mean: round(average(tally.map((t) => t.good / t.reports))),
          majority: round(average(tally.map((t) => t.majorityGood / t.epochs))),
          worstUnit: round(medians.reduce((worst, m) => (Math.abs(m - p) > Math.abs(worst - p) ? m : worst), p)),
        })
      }
  return rows
}

/** Units that were all but perfect for 40 days fail totally: days until the last of them has a score below 0.9. */
function detection(): number {
  const [count, failsAt] = [24, 40 * DAY + 71]
  const seen = new Map<number, number>()
  simulate({
    count,
    epochs: failsAt + 2 * DAY,
    liars: 6,
    kind: 'all-ok',
    truth: (_, epoch) => (epoch < failsAt ? 0.9995 : 0),
    seed: 4,
    after: (table, epoch) => {
      for (let unit = 0; unit < count && epoch >= failsAt; unit++)
        if (table.scoreBps[unit]! < GOLD_BPS && !seen.has(unit)) seen.set(unit, (epoch - failsAt + 1) / DAY)
    },
  })
  return round(seen.size === count ? Math.max(...seen.values()) : Number.POSITIVE_INFINITY)
}

/** Good units (99.95 %) under a fifth of liars who say "fail": unit-days after the twentieth that are warned or below 0.9. */
function alarms() {
  const [count, days] = [24, 60]
  let wrong = 0
  let unitDays = 0
  simulate({
    count,
    epochs: days * DAY,
    liars: 6,
    kind: 'all-fail',
    truth: () => 0.9995,
    seed: 5,
    after: (table, epoch) => {
      if (epoch < 20 * DAY || epoch % DAY !== DAY - 1) return
      for (let unit = 0; unit < count; unit++) {
        unitDays++
        if (table.scoreBps[unit]! < GOLD_BPS || table.state[unit] !== 2) wrong++
      }
    },
  })
  return { falseAlarms: wrong, unitDays }
}

/** The best score that units with one dead day in 30 ever have, over 150 days. */
function deadDayBest(): number {
  let best = 0
  simulate({
    count: 12,
    epochs: 150 * DAY,
    liars: 0,
    kind: 'all-ok',
    truth: (_, epoch) => (Math.floor(epoch / DAY) % 30 === 0 ? 0 : 1),
    seed: 6,
    after: (table) => {
      for (const score of table.scoreBps) best = Math.max(best, score)
    },
  })
  return best
}

function markdown(rows: ReturnType<typeof estimates>): string {
  const percent = (value: number) => `${(value * 100).toFixed(2)} %`
  const lines = rows.map((r) => {
    const error = ((r.median - r.p) * 100).toFixed(2)
    const figures = [percent(r.median), error, percent(r.worstUnit), percent(r.mean), percent(r.majority)]
    return `| ${[percent(r.p), `${r.liars * 100} %`, r.kind, ...figures].join(' | ')} |`
  })
  return [
    '| p | liars | who say | median | error, points | worst unit | raw mean | majority |',
    `|${'---|'.repeat(8)}`,
    ...lines,
  ].join('\n')
}

const PAGE = new URL('../docs/scoring.md', import.meta.url)

/** Puts the text between the markers of docs/scoring.md. */
function writePage(text: string): void {
  const page = readFileSync(PAGE, 'utf8')
  const between = /(<!-- sim:scoring -->)[\s\S]*(<!-- \/sim:scoring -->)/
  writeFileSync(
    PAGE,
    page.replace(between, (_, open: string, close: string) => `${open}\n\n${text}\n\n${close}`),
  )
}

/** `--json`: figures for machines; `--docs`: into docs/scoring.md as well. */
export function run(args: readonly string[]): void {
  const rows = estimates()
  const detectionDays = detection()
  const { falseAlarms, unitDays } = alarms()
  const deadDayBestBps = deadDayBest()
  const text = [
    markdown(rows),
    '',
    `A total failure is below 0.90 after ${detectionDays} days at the latest; ${falseAlarms} false alarms in ${unitDays} unit-days of`,
    `99.95 % units under a fifth of all-fail liars; one dead day in 30 never gets past ${deadDayBestBps} bps (gold from ${GOLD_BPS}).`,
  ].join('\n')
  const result = { estimates: rows, detectionDays, falseAlarms, unitDays, deadDayBestBps, goldBps: GOLD_BPS }
  console.log(args.includes('--json') ? JSON.stringify(result) : text)
  if (args.includes('--docs')) writePage(text)
  const tooFar = rows.some((r) => r.liars <= 0.3 && Math.abs(r.median - r.p) > (r.liars > 0.2 ? 0.055 : 0.03))
  if (tooFar || detectionDays > 1 || falseAlarms > 0 || deadDayBestBps >= GOLD_BPS) process.exitCode = 1
}
