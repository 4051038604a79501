/**
 * Starts the devnet's processes, each in a group of its own, and ends them in reverse order. What it starts it notes with
 * a janitor process first, so that nothing survives the launcher even when that is killed outright.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { JanitorLine } from './janitor.ts'
import { signalGroup } from './process-groups.ts'

export interface ProcessSpec {
  /** Unique; names the log file too. */
  name: string
  command: string
  args: readonly string[]
  /** Added to the few variables that every process gets; never the launcher's whole environment. */
  env?: Readonly<Record<string, string>>
  cwd?: string
  /** Opens a message channel; the child ends itself when it closes. */
  ipc?: boolean
  /** Time between SIGTERM and SIGKILL. @default 5000 */
  graceMs?: number
}

export interface ExitInfo {
  code: number | null
  signal: NodeJS.Signals | null
}

export interface ManagedProcess {
  readonly name: string
  readonly pid: number
  /** Resolves when the process is gone; never rejects. */
  readonly exited: Promise<ExitInfo>
  readonly running: boolean
  /** Lines of stdout and stderr, as they come. */
  onLine(handler: (line: string) => void): void
  onMessage(handler: (message: unknown) => void): void
  send(message: unknown): void
  /** Asks, then kills; resolves once the process is gone: `killed` when asking was not enough. */
  stop(): Promise<'ended' | 'killed'>
  kill(signal: NodeJS.Signals): void
}

/** Lines of a process's output kept for the message when it dies before it is ready. */
const TAIL_LINES = 12

/** Variables a child may see: nothing of the launcher's own, where credentials may stand. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'SystemRoot']

export class Supervisor {
  readonly #folder: string
  readonly #janitor: ChildProcess
  readonly #processes: ManagedProcess[] = []
  #stopping = false

  /** @param folder holds `logs/`; with `remove` the janitor removes it when the launcher dies before `close`. */
  constructor(folder: string, { remove } = { remove: true }) {
    this.#folder = folder
    mkdirSync(join(folder, 'logs'), { recursive: true })
    this.#janitor = spawn(process.execPath, [join(import.meta.dirname, 'janitor.ts')], {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: childEnvironment({}),
      detached: true,
    })
    this.#janitor.stdin!.on('error', () => {})
    if (remove) this.#tell({ folder })
  }

  get stopping(): boolean {
    return this.#stopping
  }

  start(spec: ProcessSpec): ManagedProcess {
    if (this.#stopping) throw new Error(`${spec.name}: the devnet is stopping`)
    const child = spawn(spec.command, spec.args, {
      cwd: spec.cwd ?? this.#folder,
      env: childEnvironment(spec.env ?? {}),
      stdio: spec.ipc ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    if (child.pid !== undefined) this.#tell({ add: child.pid })
    const managed = manage(
      child,
      spec,
      createWriteStream(join(this.#folder, 'logs', `${spec.name}.log`), { flags: 'a' }),
    )
    managed.exited.then(() => {
      // A leader that is gone may have left others of its group behind.
      signalGroup(managed.pid, 'SIGKILL')
      this.#tell({ remove: managed.pid })
    })
    this.#processes.push(managed)
    return managed
  }

  /**
   * Ends everything, the youngest first; waves of one name prefix (`node-3`) end together.
   * @returns names of those that had to be killed.
   */
  async stop(): Promise<string[]> {
    this.#stopping = true
    const waves: ManagedProcess[][] = []
    let last: string | undefined
    for (const managed of this.#processes.toReversed()) {
      const kind = managed.name.replace(/-\d+$/, '')
      if (kind !== last) waves.push([])
      last = kind
      waves.at(-1)!.push(managed)
    }
    const killed: string[] = []
    for (const wave of waves) {
      const outcomes = await Promise.all(wave.map((managed) => managed.stop()))
      killed.push(...wave.filter((_, i) => outcomes[i] === 'killed').map(({ name }) => name))
    }
    return killed
  }

  /** After `stop`: the janitor goes home, with nothing left to do. */
  async close(): Promise<void> {
    const gone = new Promise<void>((resolve) => {
      if (this.#janitor.exitCode !== null || this.#janitor.signalCode !== null) resolve()
      else this.#janitor.once('exit', () => resolve())
    })
    this.#tell({ done: true })
    this.#janitor.stdin!.end()
    await gone
  }

  #tell(line: JanitorLine): void {
    this.#janitor.stdin!.write(`${JSON.stringify(line)}\n`)
  }
}

function childEnvironment(extra: Readonly<Record<string, string>>): Record<string, string> {
  const env: Record<string, string> = {}
  for (const name of PASSED_ON) if (process.env[name] !== undefined) env[name] = process.env[name]
  return { ...env, ...extra }
}

function manage(child: ChildProcess, spec: ProcessSpec, log: WriteStream): ManagedProcess {
  const lineHandlers: ((line: string) => void)[] = []
  let running = true
  for (const stream of [child.stdout!, child.stderr!]) {
    createInterface({ input: stream }).on('line', (line) => {
      log.write(`${line}\n`)
      for (const handler of lineHandlers) handler(line)
    })
  }
  const exited = new Promise<ExitInfo>((resolve) => {
    const finish = (info: ExitInfo) => {
      running = false
      log.end()
      resolve(info)
    }
    // `close` and not `exit`: the last lines of output are read by then.
    child.once('close', (code, signal) => finish({ code, signal }))
    child.once('error', (error) => {
      for (const handler of lineHandlers) handler(error.message)
      if (child.pid === undefined) finish({ code: 127, signal: null })
    })
  })
  const pid = child.pid ?? -1
  return {
    name: spec.name,
    pid,
    exited,
    get running() {
      return running
    },
    onLine: (handler) => void lineHandlers.push(handler),
    onMessage: (handler) => void child.on('message', handler),
    send: (message) => void (child.connected && child.send(message as object)),
    kill: (signal) => void (running && pid > 0 && signalGroup(pid, signal)),
    async stop() {
      if (!running) return 'ended'
      let outcome: 'ended' | 'killed' = 'ended'
      signalGroup(pid, 'SIGTERM')
      const timer = setTimeout(() => {
        outcome = 'killed'
        signalGroup(pid, 'SIGKILL')
      }, spec.graceMs ?? 5_000)
      await exited
      clearTimeout(timer)
      return outcome
    },
  }
}

/**
 * Resolves with what `ready` makes of the first line or message it recognises.
 * @throws {Error} with the last lines of output when the process ends, or `signal` fires, before that.
 */
export function whenReady<T>(
  managed: ManagedProcess,
  recognise: { line?: (line: string) => T | undefined; message?: (message: unknown) => T | undefined },
  signal: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const tail: string[] = []
    const settle = (value: T | undefined) => {
      if (value !== undefined) {
        signal.removeEventListener('abort', onAbort)
        resolve(value)
      }
    }
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    managed.onLine((line) => {
      tail.push(line)
      if (tail.length > TAIL_LINES) tail.shift()
      settle(recognise.line?.(line))
    })
    managed.onMessage((message) => settle(recognise.message?.(message)))
    managed.exited.then(({ code, signal: by }) => {
      signal.removeEventListener('abort', onAbort)
      reject(new Error(`${managed.name} ended with ${by ?? `code ${code}`} before it was ready:\n${tail.join('\n')}`))
    })
  })
}
