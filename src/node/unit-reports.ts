/**
 * Reports about units from what this node keeps: evidence bundles for a month, the few newest states. A verdict is explained
 * on the state before its epoch, so it reaches back as far as those; failed probes reach back as far as evidence and facts.
 */
import type { UnitReportQuery } from '../api/http/insight-routes.ts'
import type { UnitReportView } from '../api/http/schemas.ts'
import type { ChainFacts } from '../core/chain-facts.ts'
import { codeOf } from '../core/errors.ts'
import { type Epoch, type UnitId, ZERO_HASH } from '../core/ids.ts'
import type { EvidenceBundle } from '../oracle/evidence.ts'
import { OracleState } from '../oracle/state/state.ts'
import { type RootedState, StateStore } from '../oracle/state/store.ts'
import { reportFromEvidence, reportsOf } from '../provider/explain/from-evidence.ts'
import { reportJson, reportLines } from '../provider/explain/report-text.ts'
import { failuresOf, indexOfUnit, type ProbeFailure, type UnitReport } from '../provider/explain/unit-report.ts'
import type { Foundation } from './foundation.ts'

/** Attested epochs that are looked at for one report. */
const MAX_EPOCHS = 160

type Reports = (
  unitId: UnitId,
  query: UnitReportQuery,
  signal: AbortSignal,
) => Promise<UnitReportView | { missing: string }>

export function createUnitReports(base: Foundation): Reports {
  const { chain } = base
  const store = new StateStore(base.store, Number.POSITIVE_INFINITY)
  return async (unitId, { epoch, day }, signal) => {
    const states = await store.load()
    const view = chain.view()
    const explained = explainable(view, states)
    const newest = epoch ?? explained[0] ?? view.attestations(1)[0]?.header.epoch
    if (newest === undefined) return { missing: 'no epoch was attested yet' }
    const { dayEpochs } = chain.network
    const [from, until] = day === undefined ? [newest, newest] : [day * dayEpochs, (day + 1) * dayEpochs - 1]
    const { report, failures, evidence } = await lookInto(base, store, unitId, [from, until], states, signal)
    const reach = { explained, evidence }
    if (evidence.length === 0) return { missing: missingText(unitId, from, until, explained) }
    return {
      ...{ unitId, reach, failures },
      ...(report && { epoch: report.explanation.epoch }),
      ...(day !== undefined && { day }),
      report: report ? reportJson(report) : null,
      text: textOf(unitId, report, failures, reach),
    }
  }
}

interface Found {
  /** Of the newest epoch whose previous state is kept. */
  report: UnitReport | undefined
  failures: ProbeFailure[]
  /** Epochs that were looked into, newest first. */
  evidence: Epoch[]
}

async function lookInto(
  base: Foundation,
  store: StateStore,
  unitId: UnitId,
  [from, until]: readonly [Epoch, Epoch],
  states: readonly RootedState[],
  signal: AbortSignal,
): Promise<Found> {
  const { digests } = base
  const found: Found = { report: undefined, failures: [], evidence: [] }
  for (const epoch of attestedWithin(base.chain.view(), from, until)) {
    signal.throwIfAborted()
    const held = await heldOf(base, store, epoch, signal)
    const index = held ? indexOfUnit(held.facts.units, unitId) : -1
    if (!held || index < 0) continue
    found.evidence.push(epoch)
    found.failures.push(...failuresOf(epoch, reportsOf(held.bundle, held.facts, digests), index))
    const previous = previousOf(held.bundle.header.parentRoot, states)
    if (previous) found.report ??= reportFromEvidence(held.bundle, previous, held.facts, digests, unitId)
  }
  return found
}

type View = ReturnType<Foundation['chain']['view']>

/** Newest first. */
function attestedWithin(view: View, from: Epoch, until: Epoch): Epoch[] {
  return view
    .attestations(MAX_EPOCHS, until + 1)
    .map(({ header }) => header.epoch)
    .filter((epoch) => epoch >= from)
}

/** Epochs whose previous state is kept, newest first. Evidence comes with the state of its epoch, once that is final. */
function explainable(view: View, states: readonly RootedState[]): Epoch[] {
  const newest = states[0]?.state.epoch ?? -1
  return view
    .attestations(states.length + 1, newest + 1)
    .filter(({ header }) => previousOf(header.parentRoot, states) !== undefined)
    .map(({ header }) => header.epoch)
}

function previousOf(parentRoot: string, states: readonly RootedState[]): OracleState | undefined {
  return parentRoot === ZERO_HASH ? OracleState.empty() : states.find(({ root }) => root === parentRoot)?.state
}

async function heldOf(
  { chain, logger }: Foundation,
  store: StateStore,
  epoch: Epoch,
  signal: AbortSignal,
): Promise<{ bundle: EvidenceBundle; facts: ChainFacts } | undefined> {
  const bundle = await store.bundle(epoch)
  if (!bundle) return undefined
  try {
    return { bundle, facts: await chain.factsAt(epoch, signal) }
  } catch (error) {
    signal.throwIfAborted()
    logger.debug('no facts for a report', { epoch, code: codeOf(error) })
    return undefined
  }
}

function missingText(unitId: UnitId, from: Epoch, until: Epoch, explained: readonly Epoch[]): string {
  const span = from === until ? `epoch ${from}` : `epochs ${from} to ${until}`
  const able = explained.length === 0 ? 'none now: it holds no state' : explained.join(', ')
  return `no evidence about unit ${unitId} of ${span} is held here; verdicts can be explained of epochs: ${able}`
}

function textOf(
  unitId: UnitId,
  report: UnitReport | undefined,
  failures: readonly ProbeFailure[],
  { explained, evidence }: UnitReportView['reach'],
): string[] {
  const outside = failures.filter(({ epoch }) => epoch !== report?.explanation.epoch)
  return [
    ...(report ? reportLines(report) : [`unit ${unitId}: no verdict can be explained, the state before it is gone`]),
    ...(evidence.length > 1 || !report ? ['', `failed probes of the other epochs: ${outside.length}`] : []),
    ...[...counts(outside)].map(([what, count]) => `  ${count} × ${what}`),
    '',
    `this node explains verdicts of epochs ${explained.join(', ') || 'none'}; evidence used: ${spanOf(evidence)}`,
  ]
}

function counts(failures: readonly ProbeFailure[]): Map<string, number> {
  const by = new Map<string, number>()
  for (const { task, outcome, fault } of failures) {
    const what = `${task}  ${outcome}${fault === 'provider' ? '' : ` (the ${fault}'s fault, does not count)`}`
    by.set(what, (by.get(what) ?? 0) + 1)
  }
  return by
}

const spanOf = (epochs: readonly Epoch[]) =>
  epochs.length === 1 ? `epoch ${epochs[0]}` : `epochs ${epochs.at(-1)} to ${epochs[0]}`
