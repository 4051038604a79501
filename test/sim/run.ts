/**
 * `npm run sim`: random schedules, spread over the machine's cores. `--seeds N` runs seeds 1 … N (`--from M` shifts them),
 * `--seed S` one of them with its last events, `--until-failure` stops at the first one, `--json` prints the summary as the last line. Exit code 1 on a violation.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { runSchedule, type ScheduleResult } from './schedule.ts'

interface Summary {
  schedules: number
  epochs: number
  attested: number
  violations: number
  nodeEpochsPerSecond: number
}

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
    workers: { type: 'string' },
    'until-failure': { type: 'boolean', default: false },
  },
})

if (values.seed !== undefined) await replay(values.seed)
else await swarm(Number(values.from), Number(values.seeds))

/** One schedule, told in full. */
async function replay(seed: string): Promise<void> {
  const started = performance.now()
  const result = await runSchedule(seed)
  console.error(JSON.stringify(result.options, null, 1))
  for (const line of result.lastEvents) console.error(line)
  report([result], started)
}

async function swarm(from: number, count: number): Promise<void> {
  const started = performance.now()
  const workers = Math.min(count, Number(values.workers ?? availableParallelism()))
  const results: ScheduleResult[] = []
  let next = from
  let failed = false
  await Promise.all(
    Array.from({ length: workers }, async () => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url))
      while (next < from + count && !(values['until-failure'] && failed)) {
        const result = await ask(worker, String(next++))
        results.push(result)
        if (result.violations.length > 0) {
          failed = true
          tell(result)
        }
        if (results.length % 100 === 0) console.error(`${results.length} schedules`)
      }
      await worker.terminate()
    }),
  )
  report(results, started)
}

function ask(worker: Worker, seed: string): Promise<ScheduleResult> {
  return new Promise((resolve, reject) => {
    const onMessage = (result: ScheduleResult) => {
      worker.off('error', onError)
      resolve(result)
    }
    const onError = (error: unknown) => {
      worker.off('message', onMessage)
      reject(error)
    }
    worker.once('message', onMessage)
    worker.once('error', onError)
    worker.postMessage(seed)
  })
}

function tell(result: ScheduleResult): void {
  console.error(`seed ${result.seed}: ${result.violations.map((v) => `${v.rule}: ${v.detail}`).join('; ')}`)
  console.error(`  npm run sim -- --seed ${result.seed}`)
  for (const line of result.lastEvents.slice(-20)) console.error(`  ${line}`)
}

function report(results: readonly ScheduleResult[], started: number): void {
  const sum = (of: (r: ScheduleResult) => number) => results.reduce((total, r) => total + of(r), 0)
  const nodeEpochs = sum((r) => r.nodes * r.epochs)
  const seconds = (performance.now() - started) / 1000
  const summary: Summary = {
    schedules: results.length,
    epochs: sum((r) => r.epochs),
    attested: sum((r) => r.attested),
    violations: sum((r) => r.violations.length),
    nodeEpochsPerSecond: Math.round(nodeEpochs / seconds),
  }
  console.error(histogram(results))
  const possible = sum((r) => r.possible)
  const ofPossible = sum((r) => r.attestedOfPossible)
  console.error(`attested ${ofPossible} of ${possible} possible epochs, ${seconds.toFixed(1)} s`)
  console.log(values.json ? JSON.stringify(summary) : summary)
  process.exitCode = summary.violations > 0 ? 1 : 0
}

/** Proof that the schedules are worth the name. */
function histogram(results: readonly ScheduleResult[]): string {
  const count = (label: string, of: (r: ScheduleResult) => string | readonly string[]) => {
    const counts = new Map<string, number>()
    for (const r of results) for (const key of [of(r)].flat()) counts.set(key, (counts.get(key) ?? 0) + 1)
    const sorted = [...counts].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    return `${label}: ${sorted.map(([key, times]) => `${key} × ${times}`).join(', ')}`
  }
  const mean = (of: (r: ScheduleResult) => number) =>
    (results.reduce((total, r) => total + of(r), 0) / results.length).toFixed(1)
  const troubled = results.filter((r) => r.byzantine > 0 && r.crashes > 0).length
  return [
    count('nodes', (r) => String(r.nodes)),
    count('epochs', (r) => String(r.epochs)),
    count('byzantine', (r) => String(r.byzantine)),
    count('strategies', (r) => r.strategies),
    count('faults', (r) => r.faults),
    `mean ${mean((r) => r.nodes)} nodes, ${mean((r) => r.epochs)} epochs; byzantine and crash in ${troubled} of ${results.length}`,
  ].join('\n')
}
