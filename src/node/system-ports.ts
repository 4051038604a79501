/** Time and chance as the operating system gives them: what stands behind the Clock and Rng ports in a node. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../core/ports/clock.ts'
import type { Rng } from '../core/ports/rng.ts'

/** setTimeout takes 31 bits; a longer wait is cut into several. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(atMs, task) {
    let timer: NodeJS.Timeout
    const wait = () => {
      const left = atMs - Date.now()
      // Timers may fire a millisecond early; a task must not run before its time.
      timer = left > MAX_TIMEOUT_MS ? setTimeout(wait, MAX_TIMEOUT_MS) : setTimeout(fire, Math.max(0, left))
    }
    const fire = () => (Date.now() < atMs ? wait() : task())
    wait()
    return () => clearTimeout(timer)
  },
}

export const systemRng: Rng = { bytes: (length) => new Uint8Array(randomBytes(length)) }

/** An integer in [0, below), without bias; `below` at most 2^32. */
export function randomBelow(rng: Rng, below: number): number {
  const limit = Math.floor(2 ** 32 / below) * below
  for (;;) {
    const value = new DataView(rng.bytes(4).buffer).getUint32(0)
    if (value < limit) return value % below
  }
}
