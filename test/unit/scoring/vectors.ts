/**
 * The test vectors of docs/scoring.md 11, computed: functions at chosen points, and a scenario with liars, newcomers,
 * skipped epochs, losses and maintenance. Runs on plain Node without a test runner, so that versions can be compared.
 */
import { bytesToHex } from '../../../src/core/ids.ts'
import { createEpochUnits } from '../../../src/scoring/epoch-units.ts'
import { evaluateEpoch } from '../../../src/scoring/evaluate-epoch.ts'
import type { EpochReport } from '../../../src/scoring/evaluation.ts'
import { exp2NegQ48, log2Q32 } from '../../../src/scoring/log2.ts'
import { recordHash, reportersDigest } from '../../../src/scoring/record-codec.ts'
import { createScoreBreakdown, createScoreInputs, type ScoreInputs, scoreUnit } from '../../../src/scoring/score.ts'
import { createUnitTable, type UnitTable } from '../../../src/scoring/unit-table.ts'
import { ratioUtility } from '../../../src/scoring/utilities.ts'
import { wilsonLowerQ48 } from '../../../src/scoring/wilson.ts'

const ONE = 2 ** 32

/** xorshift32, as everywhere where the same rows are wanted. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

function units(count: number, epoch: number) {
  const columns = createEpochUnits(count)
  for (let i = 0; i < count; i++) {
    columns.ids.fill(i * 5 + 1, i * 32, i * 32 + 32)
    columns.kind[i] = i % 5
    columns.status[i] = i === 3 && epoch % 7 < 3 ? 2 : 1
    columns.availabilityPpm[i] = [999_000, 990_000, 0, 999_900][i % 4]!
    columns.ttfbP95Ms[i] = [200, 0, 40][i % 3]!
    columns.downP10Kbps[i] = [50_000, 8_000, 0][i % 3]!
    columns.upP10Kbps[i] = [0, 20_000][i % 2]!
  }
  return columns
}

/** Wire outcome: three liars, a unit dead for 19 epochs, a loss, time-outs and failed controls now and then. */
function outcomeAt(index: number, epoch: number, unit: number, task: number, chance: number): number {
  if (unit === 6 && epoch === 33 && task === 2) return 13
  if (index < 3 || (unit === 5 && epoch > 40 && epoch < 60)) return 9
  if (chance % 89 === 0) return 5
  return chance % 97 === 0 ? 64 : 0
}

function scenarioReport(index: number, epoch: number, count: number): EpochReport {
  const random = generator(1 + index * 7_919 + epoch * 104_729)
  const rows: number[][] = []
  for (let unit = 0; unit < count; unit++)
    for (const task of [0, 1, 2, 3, 4]) {
      const chance = random()
      if (chance % (task === 0 ? 8 : 3) === 1) continue
      const outcome = outcomeAt(index, epoch, unit, task, chance)
      rows.push([unit, task, outcome, 20 + ((chance >>> 7) % 400), (chance >>> 3) % 90_000])
    }
  const column = (k: number) => rows.map((row) => row[k]!)
  return {
    reporter: `0x${(0xabcdef * (index + 1)).toString(16).padStart(40, '0')}` as `0x${string}` & { __brand?: 'Address' },
    columns: {
      unit: Uint32Array.from(column(0)),
      task: Uint8Array.from(column(1)),
      outcome: Uint8Array.from(column(2)),
      ttfbMs: Uint32Array.from(column(3)),
      kbps: Uint32Array.from(column(4)),
    },
  }
}

/** 90 epochs of 12 a day: 13 reporters of changing membership, epochs 20 to 44 partly skipped, an eighth unit from 50. */
function scenario(): UnitTable {
  const params = {
    epochsPerDay: 12,
    minReports: 4,
    ttfbClaimSamples: 20,
    ttfbEnforceSamples: 40,
    expectedReporters: 15,
  }
  let table = createUnitTable()
  for (let epoch = 0; epoch < 90; epoch++) {
    if (epoch >= 20 && epoch < 44 && epoch % 11 !== 0) continue
    const count = epoch < 50 ? 7 : 8
    const first = Math.floor(epoch / 15)
    const reports = Array.from({ length: 13 }, (_, i) => scenarioReport(first + i, epoch, count))
    table = evaluateEpoch({ table, epoch, units: units(count, epoch), reports, params, n: 13, f: 4 }).table
  }
  return table
}

const SCORES: Partial<ScoreInputs>[] = [
  { targetPpm: 999_000 },
  { slowSuccess: 72 * ONE, fastSuccess: 72 * ONE, targetPpm: 999_000 },
  { slowSuccess: 3_152 * ONE, fastSuccess: 245 * ONE, integritySuccess: 6_304 * ONE, targetPpm: 999_000 },
  {
    slowSuccess: 3_080 * ONE,
    slowFailure: 72 * ONE,
    fastSuccess: 173 * ONE,
    fastFailure: 72 * ONE,
    integritySuccess: 6_304 * ONE,
    targetPpm: 999_000,
  },
  {
    slowSuccess: 3_150 * ONE,
    slowFailure: 2 * ONE,
    fastSuccess: 245 * ONE,
    fastFailure: ONE / 4,
    integritySuccess: 6_300 * ONE,
    integrityFailure: ONE,
    ttfbP95Ms: 260,
    ttfbTermMs: 200,
    downP10Kbps: 40_000,
    downTermKbps: 50_000,
    upP10Kbps: 30_000,
    upTermKbps: 20_000,
    errorPpm: 1_500,
    freshnessP95Ms: 7_000,
    targetPpm: 999_000,
    consumerAdjustmentBps: -150,
  },
]

/** Everything as JSON would hold it. */
export function computeVectors() {
  const table = scenario()
  const digest = reportersDigest(table.reporters)
  return {
    log2: [1, 2, 3, 10, 85_899_345, 2_863_311_530, ONE, 2 ** 53 - 1].map((x) => ({ x, log2Q32: log2Q32(x) })),
    exp2: [0, 1, 2 ** 31, ONE - 1, 3 * ONE + 12_345, 24_240_437_125].map((x) => ({ x, exp2NegQ48: exp2NegQ48(x) })),
    wilson: [
      [0, 0],
      [1, 0],
      [72, 0],
      [3_152, 0],
      [3_080, 72],
      [0, 3_152],
      [6_303, 1],
    ].map(([s, f]) => ({
      success: s! * ONE,
      failure: f! * ONE,
      lowerQ48: wilsonLowerQ48(s! * ONE, f! * ONE),
    })),
    ratio: [
      [100, 100],
      [101, 100],
      [200, 100],
      [399, 100],
      [400, 100],
      [4_294_967_295, 1_431_655_765],
    ].map(([w, b]) => ({
      worse: w!,
      better: b!,
      utilityQ32: ratioUtility(w!, b!),
    })),
    scores: SCORES.map((inputs) => {
      const breakdown = createScoreBreakdown()
      scoreUnit({ ...createScoreInputs(), ...inputs }, breakdown)
      return { inputs, breakdown }
    }),
    scenario: Array.from({ length: table.count }, (_, row) => ({
      state: table.state[row]!,
      metEpochs: table.metEpochs[row]!,
      missedEpochs: table.missedEpochs[row]!,
      neutralEpochs: table.neutralEpochs[row]!,
      paidBpsSum: table.paidBpsSum[row]!,
      lossIncidents: table.lossIncidents[row]!,
      scoreBps: table.scoreBps[row]!,
      availabilityPpm: table.availabilityPpm[row]!,
      ttfbP95Ms: table.ttfbP95Ms[row]!,
      downP10Kbps: table.downP10Kbps[row]!,
      upP10Kbps: table.upP10Kbps[row]!,
      samples: table.samples[row]!,
      recordHash: bytesToHex(recordHash(table, row, digest)),
    })),
  }
}
