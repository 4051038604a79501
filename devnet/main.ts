/** `npm start` and `lightmesh devnet`: command line, lifetime and exit code of a run. */
import { mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { Devnet } from './devnet.ts'
import { newPorts, type RunPlan, readRun, writeRun } from './kept.ts'
import { createLog, type DevnetLog } from './log.ts'
import { type DevnetOptions, NothingToDo, parseDevnetOptions, UsageError } from './options.ts'
import { isFree } from './ports.ts'
import type { DevnetResult } from './result.ts'
import { createStopSignal, type StopSignal } from './stop-signal.ts'
import { Supervisor } from './supervisor.ts'
import { type LiveView, openLiveView } from './view/live.ts'

/** Characters of a log line's time; the view shows times itself. */
const LOG_TIME = 9
/** Epochs without any attestation after which a run with a goal is given up. */
const PATIENCE_EPOCHS = 6
/** The chain may be gone already. */
const DEEP_MS = 6_000
/** Epochs that the last settlement may take after the last wanted attestation. */
const SETTLING_EPOCHS = 3

/** One epoch lets units in, the next one activates reservations, the third one pays. */
const FIRST_SETTLING = 3

/** @returns the exit code: 0 done or asked to stop, 1 failed, 2 a command line that can't be obeyed. */
export async function runDevnet(args: readonly string[]): Promise<number> {
  let options: DevnetOptions
  try {
    options = parseDevnetOptions(args)
    await checkSurroundings(options)
  } catch (error) {
    if (error instanceof NothingToDo) return 0
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`lightmesh: ${error.message}\n`)
    return 2
  }
  const stop = createStopSignal()
  try {
    return await run(options, stop)
  } finally {
    stop.dispose()
  }
}

async function checkSurroundings({ rpcPort, apiPort, readyFile, keep }: DevnetOptions): Promise<void> {
  for (const [flag, port] of [
    ['--rpc-port', rpcPort],
    ['--api-port', apiPort],
  ] as const) {
    if (port !== 0 && !(await isFree(port))) throw new UsageError(`${flag} ${port}: the port is in use`)
  }
  if (keep !== undefined) checkKept(keep)
  if (readyFile === undefined) return
  const folder = dirname(resolve(readyFile))
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`--ready-file ${readyFile}: there is no folder ${folder}`)
  if (statSync(readyFile, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`--ready-file ${readyFile}: this is a folder, the name of a file is needed`)
  try {
    // Tried, because permissions alone don't tell: the first attestation is too late to find out.
    const trial = mkdtempSync(join(folder, '.ready-'))
    rmSync(trial, { recursive: true })
  } catch (error) {
    throw new UsageError(
      `--ready-file ${readyFile}: can't write in ${folder}: ${(error as NodeJS.ErrnoException).code}`,
    )
  }
}

/** A folder that is not there yet, is empty, or holds a run. */
function checkKept(keep: string): void {
  const folder = resolve(keep)
  if (readRun(folder)) return
  const stat = statSync(folder, { throwIfNoEntry: false })
  if (stat && (!stat.isDirectory() || readdirSync(folder).length > 0))
    throw new UsageError(`--keep ${keep}: neither an empty folder nor one with a run in it`)
}

async function run(options: DevnetOptions, stop: StopSignal): Promise<number> {
  const { signal: asked } = stop
  let view: LiveView | undefined
  const log = createLog((line) => (view ? view.event(line.slice(LOG_TIME).trimEnd()) : process.stderr.write(line)))
  const { keep } = options
  const folder = keep === undefined ? mkdtempSync(join(tmpdir(), 'lightmesh-devnet-')) : resolve(keep)
  const plan = await planRun(options, folder)
  const supervisor = new Supervisor(folder, { remove: keep === undefined })
  const fatal = new AbortController()
  const signal = AbortSignal.any([asked, fatal.signal])
  const devnet = new Devnet({
    ...{ folder, supervisor, log, signal, run: plan },
    options: { ...options, seed: plan.seed, nodes: plan.nodes, epochSeconds: plan.epochSeconds },
    onFounded: (network) => keep !== undefined && writeRun(folder, { ...plan, network }),
    onFatal: (error) => fatal.abort(error),
  })
  if (process.stdin.isTTY && process.stdout.isTTY && !options.json)
    view = openLiveView(devnet.liveSource(), () => stop.stop('q'))
  let code = 0
  let result: DevnetResult | undefined
  try {
    // One of an earlier run would tell who waits for it of processes that are gone.
    if (options.readyFile !== undefined) rmSync(options.readyFile, { force: true })
    log.line(`devnet of ${plan.nodes} nodes, epochs of ${plan.epochSeconds} s, seed ${plan.seed}`)
    if (plan.network) log.line(`going on with the run in ${folder}`)
    await devnet.start()
    code = await follow(devnet, options, log, { asked, signal })
    // The figures are asked of nodes and chain: nothing dies while that is done.
    devnet.endScenario()
    // The figures of a unit are told by final leaves: those of the last epoch become so within a few blocks.
    if (!asked.aborted)
      await devnet.watch?.deep(AbortSignal.any([signal, AbortSignal.timeout(DEEP_MS)])).catch(() => {})
    result = await devnet.result()
  } catch (error) {
    if (!asked.aborted) {
      code = 1
      log.line(`failed: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  view?.close()
  view = undefined
  if (asked.aborted) log.line(`stopping: ${(asked.reason as Error).message}`)
  else log.line('stopping')
  devnet.endScenario()
  // The state behind the last root has to be on somebody's disk, or the next run has nothing to go on from.
  if (keep !== undefined) await devnet.watch?.deep(AbortSignal.timeout(DEEP_MS)).catch(() => {})
  await devnet.watch?.stop()
  const killed = await supervisor.stop()
  if (killed.length > 0) log.line(`warning: did not end when asked, killed: ${killed.join(', ')}`)
  // Side by side: hundreds of files one after the other take seconds on a busy disk. The janitor ends after that, in case we don't.
  if (keep === undefined) await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  else log.line(`the run is kept in ${folder}`)
  await supervisor.close()
  log.line('everything is stopped')
  if (options.json && result) await printLine(JSON.stringify(result))
  return code
}

/** A new plan, or that of the run in the folder. */
async function planRun({ keep, seed, nodes, epochSeconds }: DevnetOptions, folder: string): Promise<RunPlan> {
  const kept = keep === undefined ? undefined : readRun(folder)
  if (kept?.network) return kept
  // What a run left that was stopped before its network was founded is of no use to anybody.
  if (kept) rmSync(folder, { recursive: true })
  const plan = { seed, nodes, epochSeconds, ports: await newPorts(nodes), network: undefined }
  if (keep !== undefined) writeRun(folder, plan)
  return plan
}

interface Stops {
  asked: AbortSignal
  signal: AbortSignal
}

/** Reports attestations until the goal is reached, or for ever. @returns the exit code. */
function follow(devnet: Devnet, options: DevnetOptions, log: DevnetLog, { asked, signal }: Stops): Promise<number> {
  const watch = devnet.watch!
  // What a kept run had attested before does not count.
  const before = watch.attestedEpochs()
  const progress: Progress = {
    seen: new Set(before),
    before: before.length,
    newest: watch.epochNow(),
    reachedAt: undefined,
  }
  return new Promise((resolve, reject) => {
    let busy = false
    const finish = (end: () => void) => {
      unwatch()
      signal.removeEventListener('abort', onAbort)
      end()
    }
    const onAbort = () => finish(() => (asked.aborted ? resolve(0) : reject(signal.reason)))
    const look = async () => {
      if (busy || signal.aborted) return
      busy = true
      try {
        await report(devnet, options, log, progress)
        const code = verdict(devnet, options, progress)
        if (code !== undefined) finish(() => resolve(code))
      } catch (error) {
        if (!signal.aborted) finish(() => reject(error))
      } finally {
        busy = false
      }
    }
    const unwatch = watch.watch((change) => {
      if (change.kind === 'head' || change.kind === 'attestation') void look()
    })
    signal.addEventListener('abort', onAbort, { once: true })
    void look()
  })
}

interface Progress {
  /** Attested epochs that were reported, or lie before this run. */
  seen: Set<number>
  before: number
  /** Epoch in which the last one was seen. */
  newest: number
  /** Epoch in which the wanted number was reached. */
  reachedAt: number | undefined
}

async function report(devnet: Devnet, options: DevnetOptions, log: DevnetLog, progress: Progress): Promise<void> {
  for (const attestation of await devnet.watch!.attestations()) {
    const { epoch, signers, gasUsed, msAfterProposal, unitCount } = attestation
    if (progress.seen.has(epoch)) continue
    progress.seen.add(epoch)
    progress.newest = devnet.watch!.epochNow()
    const what = `${unitCount} units, ${signers.length} signatures, ${gasUsed} gas`
    log.line(`epoch ${epoch} attested: ${what}, ${(msAfterProposal / 1_000).toFixed(1)} s after the proposal instant`)
    if (options.readyFile === undefined) continue
    writeReady(options.readyFile, await devnet.result())
    if (progress.seen.size === progress.before + 1) log.line(`ready file written: ${options.readyFile}`)
  }
}

/** The exit code once the goal is reached. @throws {Error} when it can't be reached any more. */
function verdict(devnet: Devnet, { epochs }: DevnetOptions, progress: Progress): number | undefined {
  if (epochs === undefined) return undefined
  const now = devnet.watch!.epochNow()
  if (progress.seen.size - progress.before < epochs) {
    if (now <= progress.newest + PATIENCE_EPOCHS) return undefined
    throw new Error(`no epoch was attested for ${PATIENCE_EPOCHS} epochs; the last lines of the nodes' logs tell why`)
  }
  progress.reachedAt ??= now
  if (epochs < FIRST_SETTLING || devnet.settled()) return 0
  return now > progress.reachedAt + SETTLING_EPOCHS ? 1 : undefined
}

function writeReady(file: string, result: DevnetResult): void {
  // In one step: who waits for the file must never read a half of it.
  const partial = `${file}.${process.pid}`
  writeFileSync(partial, `${JSON.stringify(result)}\n`)
  renameSync(partial, file)
}

function printLine(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${text}\n`, () => resolve()))
}
