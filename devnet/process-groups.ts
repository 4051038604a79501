/** Ending whole process groups: a wrapper script's children, a compiler's workers, everything under one leader. */

const POLL_MS = 25
const ZOMBIE_MS = 2_000

/** Sends a signal to a group; false when nothing of the group is left. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal)
    return true
  } catch (error) {
    // EPERM: there is one, but not ours: the number was given to somebody else.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH' || (error as NodeJS.ErrnoException).code === 'EPERM')
      return false
    throw error
  }
}

/** Resolves once no process of the groups is left: asked first, killed after `graceMs`. Nothing tells of a non-child's end, so it looks. */
export async function endGroups(groups: readonly number[], graceMs: number): Promise<void> {
  let left = groups.filter((group) => signalGroup(group, 'SIGTERM'))
  const deadline = performance.now() + graceMs
  let killed = false
  // A killed process whose parent never collects it keeps its group number: not worth waiting for.
  while (left.length > 0 && performance.now() < deadline + ZOMBIE_MS) {
    if (!killed && performance.now() > deadline) {
      for (const group of left) signalGroup(group, 'SIGKILL')
      killed = true
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    left = left.filter((group) => signalGroup(group, 0))
  }
}
