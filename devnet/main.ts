/** `npm start` and `lightmesh devnet`: command line, lifetime and exit code of a run. */
import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { Devnet } from './devnet.ts'
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

async function checkSurroundings({ rpcPort, apiPort, readyFile }: DevnetOptions): Promise<void> {
  for (const [flag, port] of [
    ['--rpc-port', rpcPort],
    ['--api-port', apiPort],
  ] as const) {
    if (port !== 0 && !(await isFree(port))) throw new UsageError(`${flag} ${port}: the port is in use`)
  }
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

async function run(options: DevnetOptions, stop: StopSignal): Promise<number> {
  const { signal: asked } = stop
  let view: LiveView | undefined
  const log = createLog((line) => (view ? view.event(line.slice(LOG_TIME).trimEnd()) : process.stderr.write(line)))
  const folder = mkdtempSync(join(tmpdir(), 'lightmesh-devnet-'))
  const supervisor = new Supervisor(folder)
  const fatal = new AbortController()
  const signal = AbortSignal.any([asked, fatal.signal])
  const devnet = new Devnet({
    ...{ options, folder, supervisor, log, signal },
    onFatal: (error) => fatal.abort(error),
  })
  if (process.stdin.isTTY && process.stdout.isTTY && !options.json)
    view = openLiveView(devnet.liveSource(), () => stop.stop('q'))
  let code = 0
  let result: DevnetResult | undefined
  try {
    // One of an earlier run would tell who waits for it of processes that are gone.
    if (options.readyFile !== undefined) rmSync(options.readyFile, { force: true })
    log.line(`devnet of ${options.nodes} nodes, epochs of ${options.epochSeconds} s, seed ${options.seed}`)
    await devnet.start()
    code = await follow(devnet, options, log, { asked, signal })
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
  await devnet.watch?.stop()
  const killed = await supervisor.stop()
  if (killed.length > 0) log.line(`warning: did not end when asked, killed: ${killed.join(', ')}`)
  await supervisor.close()
  // Side by side: hundreds of files one after the other take seconds on a busy disk.
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  log.line('everything is stopped')
  if (options.json && result) await printLine(JSON.stringify(result))
  return code
}

interface Stops {
  asked: AbortSignal
  signal: AbortSignal
}

/** Reports attestations until the goal is reached, or for ever. @returns the exit code. */
function follow(devnet: Devnet, options: DevnetOptions, log: DevnetLog, { asked, signal }: Stops): Promise<number> {
  const watch = devnet.watch!
  const progress = { seen: new Set<number>(), newest: watch.epochNow(), reachedAt: undefined as number | undefined }
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
  /** Attested epochs that were reported. */
  seen: Set<number>
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
    if (progress.seen.size === 1) log.line(`ready file written: ${options.readyFile}`)
  }
}

/** The exit code once the goal is reached. @throws {Error} when it can't be reached any more. */
function verdict(devnet: Devnet, { epochs }: DevnetOptions, progress: Progress): number | undefined {
  if (epochs === undefined) return undefined
  const now = devnet.watch!.epochNow()
  if (progress.seen.size < epochs) {
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
