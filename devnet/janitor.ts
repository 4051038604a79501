/**
 * A process that outlives the launcher by a few seconds and cleans up after it, whatever killed it. The launcher writes
 * one JSON line per fact; when the pipe ends without `done`, every process group still noted is ended and the working
 * folder removed. It runs in a session of its own, so that a terminal's Ctrl-C does not reach it.
 */
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { endGroups } from './process-groups.ts'

/** One line from the launcher. `done`: the launcher has cleaned up itself. */
export type JanitorLine = { add: number } | { remove: number } | { folder: string } | { done: true }

/** Processes that were asked to stop get this long; nodes flush their stores within a second. */
const GRACE_MS = 4_000

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

const groups = new Set<number>()
const folders = new Set<string>()
let done = false
for await (const line of createInterface({ input: process.stdin })) {
  const fact = JSON.parse(line) as JanitorLine
  if ('add' in fact) groups.add(fact.add)
  else if ('remove' in fact) groups.delete(fact.remove)
  else if ('folder' in fact) folders.add(fact.folder)
  else done = true
}
if (!done) {
  await endGroups([...groups], GRACE_MS)
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
