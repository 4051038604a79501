/**
 * One process per key: two that sign with one key would sign twice. A lease is a file `<name>.<generation>` beside the
 * key; a new holder creates the next generation exclusively, so of several that find the old holder dead one wins. The
 * highest generation is never deleted, only marked as released: a late creator of a lower one sees it and steps back.
 */
import { randomBytes } from 'node:crypto'
import { link, readdir, readFile, readlink, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { KeystoreError } from './errors.ts'

/** A holder that can't be looked up (another host, another container) is dead when its file is older than this. */
const FOREIGN_STALE_MS = 60_000
const HEARTBEAT_MS = 10_000
/** Each lost race means that somebody else advanced. */
const MAX_TRIES = 16

const holderSchema = z.object({
  pid: z.number().int(),
  /** Host, boot and pid namespace: where `pid` means something. */
  place: z.string(),
  /** Start time of the process, so that a reused pid is not taken for it. */
  started: z.string(),
  nonce: z.string(),
  released: z.boolean(),
})
type Holder = z.infer<typeof holderSchema>

export interface KeyLease {
  /** Aborted when the lease was taken away, e.g. after the machine slept; stop signing then. */
  readonly lost: AbortSignal
  release(): Promise<void>
}

/**
 * Takes the lease of a key file for this process.
 * @throws {KeystoreError} `key-in-use` with the pid of the living holder.
 */
export async function acquireLease(keyPath: string): Promise<KeyLease> {
  const base = `${keyPath}.lease`
  const me: Holder = {
    pid: process.pid,
    place: await placeOfThisProcess(),
    started: await startTimeOf(process.pid),
    nonce: randomBytes(16).toString('hex'),
    released: false,
  }
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const generations = await generationsOf(base)
    const highest = generations.at(-1) ?? 0
    if (highest > 0) await refuseIfAlive(`${base}.${highest}`, me)
    const mine = `${base}.${highest + 1}`
    if (!(await createExclusively(mine, me))) continue
    const after = await generationsOf(base)
    if (after.at(-1) !== highest + 1) {
      await unlink(mine)
      continue
    }
    await Promise.all(generations.map((generation) => unlinkIfThere(`${base}.${generation}`)))
    return hold(mine, me)
  }
  throw new KeystoreError('key-in-use', `other processes keep taking the lease of ${keyPath}`)
}

function hold(path: string, me: Holder): KeyLease {
  const lost = new AbortController()
  const heartbeat = setInterval(async () => {
    try {
      const holder = await readHolder(path)
      if (holder?.nonce !== me.nonce) throw new Error('taken')
      const now = new Date()
      await utimes(path, now, now)
    } catch (cause) {
      clearInterval(heartbeat)
      lost.abort(new KeystoreError('lease-lost', `the lease ${path} was taken away; this process stops`, { cause }))
    }
  }, HEARTBEAT_MS)
  heartbeat.unref()
  let released: Promise<void> | undefined
  return {
    lost: lost.signal,
    release() {
      clearInterval(heartbeat)
      released ??= markReleased(path, me)
      return released
    },
  }
}

async function markReleased(path: string, me: Holder): Promise<void> {
  const holder = await readHolder(path)
  if (holder?.nonce !== me.nonce) return
  const partial = `${path}.${me.nonce}`
  await writeFile(partial, JSON.stringify({ ...me, released: true }), { mode: 0o600 })
  await rename(partial, path)
}

/** Creates the file with its whole content, or not at all. */
async function createExclusively(path: string, holder: Holder): Promise<boolean> {
  const partial = `${path}.${holder.nonce}`
  await writeFile(partial, JSON.stringify(holder), { mode: 0o600 })
  try {
    await link(partial, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await unlink(partial)
  }
}

async function refuseIfAlive(path: string, me: Holder): Promise<void> {
  const holder = await readHolder(path)
  // A file that vanished or is unreadable was replaced or damaged; the exclusive creation decides.
  if (holder === undefined || holder.released) return
  if (holder.place === me.place) {
    if (holder.pid === me.pid && holder.started === me.started)
      throw new KeystoreError('key-in-use', 'this process already uses the key')
    if ((await startTimeOf(holder.pid)) !== holder.started) return
    throw new KeystoreError('key-in-use', `process ${holder.pid} uses this key; stop it first`)
  }
  const { mtimeMs } = await stat(path)
  if (Date.now() - mtimeMs > FOREIGN_STALE_MS) return
  throw new KeystoreError(
    'key-in-use',
    `a process on another host or in another container uses this key; stop it, or wait a minute after it died`,
  )
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return holderSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return undefined
  }
}

/** Ascending. */
async function generationsOf(base: string): Promise<number[]> {
  const prefix = `${basename(base)}.`
  const names = await readdir(dirname(base))
  return names
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .filter((rest) => /^[1-9]\d{0,14}$/.test(rest))
    .map(Number)
    .sort((a, b) => a - b)
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** Empty where the system has no /proc: there every other process counts as elsewhere and the heartbeat decides. */
async function placeOfThisProcess(): Promise<string> {
  try {
    const [boot, namespace] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readlink('/proc/self/ns/pid'),
    ])
    return join(hostname(), boot.trim(), namespace)
  } catch {
    return `${hostname()}#${randomBytes(8).toString('hex')}`
  }
}

/** Field 22 of /proc/<pid>/stat; `gone` for a process that is not there. The name before it may hold anything but `)`. */
async function startTimeOf(pid: number): Promise<string> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? 'gone' : (fields[19] ?? 'gone')
  } catch {
    return 'gone'
  }
}
