/** `UnitProbe` over real backends: rights ahead of time, one fresh connection per probe, every failure a closed outcome. */
import type { ProbeOutcome, ProbeTask } from '../../core/observations.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { GrantSource, ObjectListSource } from '../../core/ports/grants.ts'
import type { HttpClient } from '../../core/ports/http.ts'
import { type Logger, silentLogger } from '../../core/ports/logger.ts'
import { type Metrics, noMetrics } from '../../core/ports/metrics.ts'
import type { ProbeAssignment, ProbeResult, UnitProbe } from '../../core/ports/unit-probe.ts'
import { Controls } from './controls.ts'
import { outcomeOfError } from './outcomes.ts'
import { readTask, type TaskInput } from './read-task.ts'
import { RightsBook } from './rights.ts'
import { writeTask } from './write-task.ts'

export interface UnitProbeOptions {
  /** Longest exchange, shorter when the window ends sooner. @default 20,000 ms */
  totalMs?: number
  /** Probes at the same time. @default 32 */
  concurrency?: number
  /** Rights that end sooner than this are renewed. @default 3,600,000 ms; some epochs */
  renewBeforeMs?: number
  /** URLs that tell whether the own network works. @default none */
  controlTargets?: readonly string[]
}

export interface UnitProbePorts {
  /** With short connect and idle time-outs; private addresses only where they are allowed. */
  http: HttpClient
  source: GrantSource & ObjectListSource
  clock: Clock
  logger?: Logger
  metrics?: Metrics
}

/** Left before the deadline for the result to be written down. */
const DEADLINE_SLACK_MS = 50

const TASKS: Partial<Record<ProbeTask, (input: TaskInput) => Promise<ProbeResult>>> = {
  read: readTask,
  integrity: readTask,
  write: writeTask,
}

export function createUnitProbe(ports: UnitProbePorts, options: UnitProbeOptions = {}): UnitProbe {
  const { totalMs = 20_000, concurrency = 32, renewBeforeMs = 3_600_000, controlTargets = [] } = options
  const { http, clock, source, logger = silentLogger, metrics = noMetrics } = ports
  const rights = new RightsBook(source, clock, { renewBeforeMs, concurrency: 8 })
  const controls = new Controls(controlTargets, http, clock)
  let running = 0

  const measure = async (assignment: ProbeAssignment, signal: AbortSignal): Promise<ProbeResult> => {
    const leftMs = Math.min(totalMs, assignment.deadlineMs - clock.now() - DEADLINE_SLACK_MS)
    const task = TASKS[assignment.task]
    if (leftMs <= 0 || running >= concurrency) return failed('prober-overloaded')
    if (!task) return failed('prober-aborted')
    running++
    try {
      const held = await rights.of(assignment.unit, assignment.epoch, signal)
      return await task({ http, rights: held, entropy: assignment.entropy, totalMs: leftMs, signal })
    } catch (error) {
      signal.throwIfAborted()
      return failed(await judged(assignment, error, signal))
    } finally {
      running--
    }
  }

  const judged = async (
    { unit, task }: ProbeAssignment,
    error: unknown,
    signal: AbortSignal,
  ): Promise<ProbeOutcome> => {
    const found = outcomeOfError(error)
    if (found === undefined)
      logger.error('a probe failed for a reason of its own', { unit: unit.id, reason: String(error) })
    // Keys that were changed, or objects that were replaced: the next probe asks for new ones.
    if (found === 'access-denied' || found === 'object-missing') rights.forget(unit.id)
    const outcome = await controls.judge(found ?? 'prober-aborted', signal)
    logger.debug('probe failed', { unit: unit.id, task, outcome, reason: reasonOf(error) })
    return outcome
  }

  return {
    prepare: (epoch, units, signal) => rights.prepare(epoch, units, signal),
    async probe(assignment, signal) {
      signal.throwIfAborted()
      const result = await measure(assignment, signal)
      const labels = { task: assignment.task, outcome: result.outcome }
      metrics.count('probes_total', labels)
      if (result.outcome === 'ok') metrics.observe('probe_ttfb_ms', result.ttfbMs, { task: assignment.task })
      return result
    },
  }
}

function failed(outcome: ProbeOutcome): ProbeResult {
  return { outcome, ttfbMs: 0, kbps: 0 }
}

/** Messages of an exchange hold no URL: those carry signatures. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error ? cause.message : error instanceof Error ? error.message : 'unknown'
}
