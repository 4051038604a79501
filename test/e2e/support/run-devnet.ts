/** Starts the devnet as a person does, and tells what it left behind. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { DevnetResult } from '../../../devnet/result.ts'

export const ROOT = resolve(import.meta.dirname, '../../..')

export interface DevnetRun {
  child: ChildProcess
  pid: number
  /** Lines of stderr so far. */
  lines: string[]
  /** Resolves with the first line of stderr that matches, also one that came before; rejects when the run ends without it. */
  line(pattern: RegExp): Promise<string>
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null; stdout: string }>
}

/** @param how `npm`: through `npm start`; `node`: the launcher itself. */
export function runDevnet(args: readonly string[], how: 'npm' | 'node' = 'node'): DevnetRun {
  const [command, first] =
    how === 'npm'
      ? ['npm', ['start', '--silent', '--']]
      : [process.execPath, [join(ROOT, 'bin/lightmesh.js'), 'devnet']]
  const child = spawn(command, [...first, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  const waiting = new Set<(line: string) => void>()
  createInterface({ input: child.stderr! }).on('line', (line) => {
    lines.push(line)
    for (const look of waiting) look(line)
  })
  let stdout = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  const exited = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout }))
  return {
    child,
    pid: child.pid!,
    lines,
    exited,
    line(pattern) {
      const known = lines.find((line) => pattern.test(line))
      if (known !== undefined) return Promise.resolve(known)
      return new Promise((resolve, reject) => {
        const look = (line: string) => {
          if (!pattern.test(line)) return
          waiting.delete(look)
          resolve(line)
        }
        waiting.add(look)
        exited.then(() => reject(new Error(`the devnet ended without ${pattern}:\n${lines.join('\n')}`)))
      })
    },
  }
}

export const parseResult = (stdout: string) => JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as DevnetResult

const read = (file: string) => {
  try {
    return readFileSync(file)
  } catch {
    // The process ended meanwhile, or is not ours to look at.
    return Buffer.alloc(0)
  }
}

export interface ProcessFacts {
  pid: number
  ppid: number
  session: number
  command: string
  environment: string
  folder: string
}

/** Every process of this machine that can be looked at. */
export function allProcesses(): ProcessFacts[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = read(`/proc/${name}/stat`).toString()
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (fields[0] === undefined || fields[0] === '' || fields[0] === 'Z') return []
      let folder = ''
      try {
        folder = readlinkSync(`/proc/${name}/cwd`)
      } catch {
        // Gone, or another user's.
      }
      return [
        {
          pid: Number(name),
          ppid: Number(fields[1]),
          session: Number(fields[3]),
          command: read(`/proc/${name}/cmdline`).toString().replaceAll('\0', ' ').trim(),
          environment: read(`/proc/${name}/environ`).toString(),
          folder,
        },
      ]
    })
}

/** The processes that a launcher has started, itself left out. */
export function descendants(pid: number): ProcessFacts[] {
  const all = allProcesses()
  const found: ProcessFacts[] = []
  const visit = (parent: number) => {
    for (const one of all.filter((each) => each.ppid === parent)) {
      found.push(one)
      visit(one.pid)
    }
  }
  visit(pid)
  return found
}

/** What a run holds while it is up; all of it has to be gone afterwards. */
export interface Footprint {
  pids: number[]
  folders: string[]
  ports: number[]
}

const listening = (pids: ReadonlySet<number>): number[] => {
  const inodes = new Set<string>()
  for (const pid of pids) {
    for (const fd of existsSync(`/proc/${pid}/fd`) ? readdirSync(`/proc/${pid}/fd`) : []) {
      try {
        const target = readlinkSync(`/proc/${pid}/fd/${fd}`)
        if (target.startsWith('socket:[')) inodes.add(target.slice(8, -1))
      } catch {
        // Closed meanwhile.
      }
    }
  }
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .slice(1)
    .map((row) => row.trim().split(/\s+/))
    .filter((row) => row[3] === '0A' && inodes.has(row[9]!))
    .map((row) => Number.parseInt(row[1]!.split(':')[1]!, 16))
}

export function footprintOf(launcher: number): Footprint {
  const pids = descendants(launcher).map(({ pid }) => pid)
  const folders = [...new Set(descendants(launcher).map(({ folder }) => folder))]
    .map((folder) => /^(.*lightmesh-devnet-[^/]+)/.exec(folder)?.[1])
    .filter((folder) => folder !== undefined)
  return { pids, folders: [...new Set(folders)], ports: [...new Set(listening(new Set(pids)))] }
}

const isOpen = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

/** What is still there of it. */
export async function leftOf(footprint: Footprint): Promise<string[]> {
  const alive = new Map(allProcesses().map((one) => [one.pid, one.command]))
  const ports = await Promise.all(footprint.ports.map(async (port) => ((await isOpen(port)) ? `port ${port}` : '')))
  return [
    ...footprint.pids.filter((pid) => alive.has(pid)).map((pid) => `process ${pid}: ${alive.get(pid)}`),
    ...footprint.folders.filter((folder) => existsSync(folder)).map((folder) => `folder ${folder}`),
    ...ports.filter((text) => text !== ''),
  ]
}

export const temporaryFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('lightmesh-devnet-'))
