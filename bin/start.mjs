#!/usr/bin/env node
// `npm start`: installs what is missing, then runs the devnet on the Node that comes with the dependencies. Plain
// JavaScript without dependencies, because this is what runs on a machine that has nothing yet but some Node and npm.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isInstalled, removeStamp, writeStamp } from '../scripts/install-stamp.mjs'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const CLI = join(ROOT, 'bin', 'lightmesh.js')

/** Node's version from which types are stripped without a flag; package.json's `engines` says the same. */
const canRunCli = () => {
  const [major, minor] = process.versions.node.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 18)
}

/** How long an installation may take to end when asked. */
const INSTALL_GRACE_MS = 2_000

/** How often the parent is looked at: nothing tells a process that its parent died, but its ppid changes. */
const PARENT_POLL_MS = 250

/** What the parent's death and signals stop: set while a child runs. */
let stopChild = (signal) => process.exit(128 + constants.signals[signal])
const bornOf = process.ppid

const watch = setInterval(() => {
  if (process.ppid === bornOf) return
  clearInterval(watch)
  stopChild('SIGTERM')
}, PARENT_POLL_MS)
watch.unref()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stopChild(signal))

/** Runs a child to its end; resolves with the exit code that this process shall have. */
function run(command, args, { env, stdio, group }) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd: group ? ROOT : process.cwd(), env, stdio, detached: group })
    let asked
    const send = (signal) => {
      try {
        // npm starts compilers and scripts of its own: a group is ended as a whole.
        if (group) process.kill(-child.pid, signal)
        else child.kill(signal)
      } catch {
        // Gone already; its exit is on the way.
      }
    }
    stopChild = (signal) => {
      // Asked to end, npm takes minutes to remove what it has unpacked. The next start does that anyway.
      if (group && !asked) setTimeout(() => send('SIGKILL'), INSTALL_GRACE_MS).unref()
      asked = signal
      send(group && signal === 'SIGINT' ? 'SIGTERM' : signal)
    }
    child.on('error', (error) => {
      process.stderr.write(`lightmesh: cannot run ${command}: ${error.message}\n`)
      done(1)
    })
    child.on('exit', (code, signal) => {
      if (group && asked) done(128 + constants.signals[asked])
      else done(signal ? 128 + constants.signals[signal] : code)
    })
  })
}

/** The environment without this project's own bin folder, so that npm runs on the machine's Node while it replaces ours. */
function outerEnvironment() {
  const path = (process.env.PATH ?? '').split(delimiter).filter((p) => !p.startsWith(join(ROOT, 'node_modules')))
  return { ...process.env, PATH: path.join(delimiter) }
}

async function install() {
  // An interrupted installation must not pass for the one that it replaces.
  removeStamp(ROOT)
  process.stderr.write('lightmesh: installing dependencies (npm ci), a minute or two …\n')
  // npm's own report goes to stderr: stdout belongs to the result. Its warnings are about Node's version here: ours comes.
  const code = await run('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], {
    env: outerEnvironment(),
    stdio: ['ignore', 2, 2],
    group: true,
  })
  if (code !== 0) {
    const why =
      code > 128 ? 'the installation was interrupted' : `npm ci failed with exit code ${code}; see its message above`
    process.stderr.write(`lightmesh: ${why}\n`)
    process.exit(code)
  }
  writeStamp(ROOT)
  process.stderr.write('lightmesh: dependencies are in place\n')
}

if (!isInstalled(ROOT)) await install()

const args = ['devnet', ...process.argv.slice(2)]
if (canRunCli()) {
  // The same process from here on: one signal, one exit code, one parent to watch.
  clearInterval(watch)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal)
  process.argv = [process.execPath, CLI, ...args]
  await import('./lightmesh.js')
} else {
  const own = join(ROOT, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (!existsSync(own)) {
    process.stderr.write(`lightmesh: ${own} is missing; remove node_modules and run npm start again\n`)
    process.exit(1)
  }
  process.exitCode = await run(own, [CLI, ...args], { env: process.env, stdio: 'inherit', group: false })
}
