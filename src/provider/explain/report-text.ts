/** A unit's report as lines for a terminal and as JSON for programs. */
import { PPM } from '../../scoring/constants.ts'
import { TWO_32, TWO_48 } from '../../scoring/fixed.ts'
import type { MetricName } from '../../scoring/score.ts'
import type { ProbeFailure, UnitReport } from './unit-report.ts'
import type { WayToTier } from './what-if.ts'

/** Failures that are printed; the JSON has all of them. */
const SHOWN_FAILURES = 20

const percent = (share: number, digits = 2) => `${(share * 100).toFixed(digits)} %`
const ppm = (value: number) => percent(value / PPM)
const bps = (value: number) => percent(value / 10_000)
const short = (hash: string) => `${hash.slice(0, 10)}…`

export function reportLines(report: UnitReport): string[] {
  const e = report.explanation
  return [
    `unit ${e.unitId}, epoch ${e.epoch}`,
    `state ${e.state} since epoch ${e.stateSinceEpoch} (${e.stateReason})`,
    '',
    ...verdictLines(report),
    '',
    ...scoreLines(report),
    '',
    ...failureLines(report.failures),
    ...outlierLines(report),
    ...report.waysUp.map(wayLine),
  ]
}

function verdictLines({ explanation: e }: UnitReport): string[] {
  const enforced = e.credits.filter(({ creditBps }) => creditBps >= 0)
  const largest = Math.max(0, ...enforced.map(({ creditBps }) => creditBps))
  const why =
    e.verdict === 'NEUTRAL'
      ? `${e.usable} usable reports, ${e.minimumUsable} are needed: paid by its 30-day mean`
      : e.verdict === 'MISSED'
        ? `${e.failed} of ${e.usable} usable reports failed: nothing is paid`
        : `${e.failed} of ${e.usable} usable reports failed; 100 % less a credit of ${bps(largest)}`
  return [
    `verdict ${e.verdict}: pays ${bps(e.paidBps)} (${why})`,
    ...e.credits.map(({ term, creditBps }) =>
      creditBps < 0 ? `  ${term}: not enforced` : `  ${term}: credit ${bps(creditBps)}`,
    ),
    ...metricLines(e),
  ]
}

function metricLines({ metrics: m, terms }: UnitReport['explanation']): string[] {
  const promise = (value: number, unit: string) => (value > 0 ? `promised ${value} ${unit}` : 'no promise')
  return [
    m.availabilityJudged
      ? `  availability ${ppm(m.availabilityPpm)} (median of reporters; promised ${ppm(terms.availabilityPpm)})`
      : '  availability not judged: too few reporters',
    `  time to first byte p95 ${m.ttfbP95Ms > 0 ? `${m.ttfbP95Ms} ms` : 'no claim'} of ${m.ttfbSamples} samples (${promise(terms.ttfbP95Ms, 'ms')})`,
    `  download p10 ${m.downP10Kbps} kbit/s of ${m.downSamples} samples (${promise(terms.downP10Kbps, 'kbit/s')})`,
    `  upload p10 ${m.upP10Kbps} kbit/s of ${m.upSamples} samples (${promise(terms.upP10Kbps, 'kbit/s')})`,
  ]
}

function scoreLines({ explanation: e, tier, shares }: UnitReport): string[] {
  const b = e.breakdown
  const when = e.dayClosed ? 'the day closed with this epoch' : `a close now would give ${b.scoreBps}`
  const detail: Partial<Record<MetricName, string>> = {
    availability: `mean ${percent(b.slow / TWO_48)} of ${(b.evidence / TWO_32).toFixed(1)} units of evidence, lower bound ${percent(b.lower / TWO_48)}, trend ${percent(b.trend / TWO_48)}`,
    integrity: e.inputs.recentLoss
      ? 'a confirmed loss within 30 days'
      : `lower bound of the challenges ${percent(b.integrityLower / TWO_48, 3)}`,
  }
  return [
    `score ${e.scoreBps} (${tier}); ${when}`,
    ...shares.map(({ metric, utility, weight, costBps }) => {
      if (utility === undefined) return `  ${metric}: not measured or not promised, left out`
      const more = detail[metric] ? `; ${detail[metric]}` : ''
      return `  ${metric}: utility ${utility.toFixed(3)}, weight ${percent(weight, 0)}, costs ${costBps} of 10000${more}`
    }),
    ...(e.inputs.consumerAdjustmentBps === 0 ? [] : [`  consumers' reports: ${bps(e.inputs.consumerAdjustmentBps)}`]),
  ]
}

function failureLines(failures: readonly ProbeFailure[]): string[] {
  if (failures.length === 0) return ['no probe failed']
  const shown = failures.slice(0, SHOWN_FAILURES)
  return [
    `${failures.length} ${failures.length === 1 ? 'probe' : 'probes'} failed:`,
    ...shown.map(
      ({ epoch, reporter, task, outcome, fault, evidence }) =>
        `  epoch ${epoch}  ${task}  ${outcome}${fault === 'provider' ? '' : ` (the ${fault}'s fault, does not count)`}  by ${reporter}  evidence ${short(evidence)}`,
    ),
    ...(failures.length > shown.length ? [`  … and ${failures.length - shown.length} more`] : []),
  ]
}

function outlierLines({ outliers }: UnitReport): string[] {
  return outliers.map(
    ({ reporter, ratePpm, distancePpm }) =>
      `outlier ${reporter}: ${ppm(ratePpm)}, ${ppm(Math.abs(distancePpm))} ${distancePpm < 0 ? 'below' : 'above'} the median`,
  )
}

function wayLine({ tier, minBps, perfectDays, ttfbP95Ms, downP10Kbps }: WayToTier): string {
  const ways = [
    perfectDays === undefined ? undefined : `${perfectDays} perfect ${perfectDays === 1 ? 'day' : 'days'}`,
    ttfbP95Ms === undefined ? undefined : `a p95 of ${ttfbP95Ms} ms`,
    downP10Kbps === undefined ? undefined : `a download p10 of ${downP10Kbps} kbit/s`,
  ].filter((way) => way !== undefined)
  const how = ways.length === 0 ? 'more than one metric has to get better' : ways.join(', or ')
  return `to reach ${tier} (${minBps}): ${how}`
}

/** Plain data; fixed-point numbers as fractions. Shapes are those of `UnitReport`. */
export function reportJson({ explanation, ...report }: UnitReport) {
  const { breakdown: b, inputs, ...rest } = explanation
  return {
    ...rest,
    ...report,
    chain: {
      evidenceUnits: b.evidence / TWO_32,
      mean: b.slow / TWO_48,
      recentMean: b.fast / TWO_48,
      lowerBound: b.lower / TWO_48,
      trend: b.trend / TWO_48,
      discounted: b.discounted / TWO_48,
      integrityLowerBound: b.integrityLower / TWO_48,
      ownBps: b.ownBps,
      consumerAdjustmentBps: inputs.consumerAdjustmentBps,
      scoreNowBps: b.scoreBps,
    },
  }
}
