/** The probe phase: every assigned task at its own secret instant. */
import { phaseMs } from '../../core/epoch-clock.ts'
import type { Hash32 } from '../../core/ids.ts'
import type { ProbeTask } from '../../core/observations.ts'
import { sleepUntil } from '../../core/ports/clock.ts'
import type { ProbeResult, UnitProbe } from '../../core/ports/unit-probe.ts'
import type { RegisteredUnit } from '../../core/units.ts'
import type { Assignment } from '../assignment.ts'
import { probeInstantMs, tasksOf } from '../assignment.ts'
import type { ObservationRow } from '../batch.ts'
import type { EngineContext } from '../context.ts'
import type { RoundRules } from '../messages/rules.ts'
import type { Round } from '../round.ts'

/** Probes at the same time; more would measure this node's own congestion. */
const MAX_RUNNING = 256

interface Task {
  index: number
  unit: RegisteredUnit
  task: ProbeTask
  entropy: Hash32
  atMs: number
}

/** Resolves at the end of the probe window with a row for every owed task. */
export async function probePhase(
  ctx: EngineContext,
  round: Round,
  rules: RoundRules,
  assignment: Assignment,
  signal: AbortSignal,
): Promise<ObservationRow[]> {
  const { probe } = ctx.ports
  if (!probe) return []
  const deadlineMs = phaseMs(ctx.epochs, round.epoch, 'probeEnd')
  const rows: ObservationRow[] = []
  const late = new AbortController()
  const onStop = () => late.abort(signal.reason)
  signal.addEventListener('abort', onStop, { once: true })
  let running = 0
  try {
    ctx.background('prepare', probe.prepare(round.epoch, rules.facts.units, late.signal))
    for (const task of tasksOfAssignment(ctx, round, rules, assignment)) {
      if (task.atMs > ctx.clock.now()) await sleepUntil(ctx.clock, task.atMs, signal)
      const { index, unit } = task
      const add = (result: ProbeResult) => {
        rows.push({ unit: index, task: task.task, result })
        ctx.emitter.emit('observed', { epoch: round.epoch, unitId: unit.id, task: task.task, result })
      }
      if (running >= MAX_RUNNING || ctx.clock.now() >= deadlineMs) {
        add({ outcome: 'prober-overloaded', ttfbMs: 0, kbps: 0 })
        continue
      }
      running++
      void probeOne(probe, round, task, deadlineMs, late.signal).then((result) => {
        running--
        if (!late.signal.aborted) add(result)
        round.changed()
      })
    }
    await round.until(() => running === 0, ctx.clock, deadlineMs, signal)
    return withAborted(ctx, round, rules, assignment, rows)
  } finally {
    signal.removeEventListener('abort', onStop)
    late.abort(new Error('the probe window is over'))
  }
}

async function probeOne(
  probe: UnitProbe,
  round: Round,
  { unit, task, entropy }: Task,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<ProbeResult> {
  try {
    return await probe.probe({ epoch: round.epoch, unit, task, entropy, deadlineMs }, signal)
  } catch {
    // The port promises outcomes for whatever a backend does: what it throws is this node's own fault or its stop.
    return { outcome: 'prober-aborted', ttfbMs: 0, kbps: 0 }
  }
}

/** By instant. Those whose instant passed before this node came up are done at once. */
function tasksOfAssignment(ctx: EngineContext, round: Round, rules: RoundRules, assignment: Assignment): Task[] {
  const tasks: Task[] = []
  rules.facts.units.forEach((unit, index) => {
    if (!assignment.includes(index)) return
    for (const task of tasksOf(unit.terms.kind)) {
      const entropy = assignment.entropy(unit, task)
      tasks.push({ index, unit, task, entropy, atMs: probeInstantMs(ctx.epochs, round.epoch, entropy) })
    }
  })
  return tasks.sort((a, b) => a.atMs - b.atMs)
}

/** What was still running at the end of the window is the prober's fault. */
function withAborted(
  ctx: EngineContext,
  round: Round,
  rules: RoundRules,
  assignment: Assignment,
  rows: readonly ObservationRow[],
): ObservationRow[] {
  const done = new Set(rows.map((row) => `${row.unit}/${row.task}`))
  const missing = tasksOfAssignment(ctx, round, rules, assignment).filter((t) => !done.has(`${t.index}/${t.task}`))
  const result: ProbeResult = { outcome: 'prober-aborted', ttfbMs: 0, kbps: 0 }
  return [...rows, ...missing.map(({ index, task }) => ({ unit: index, task, result }))]
}
