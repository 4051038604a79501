/** Time that stands still until a test moves it; tasks that are due run in their order. */
import type { Clock } from '../../../src/core/ports/clock.ts'

export class ManualClock implements Clock {
  #now: number
  readonly #tasks = new Set<{ atMs: number; task: () => void }>()

  constructor(nowMs: number) {
    this.#now = nowMs
  }

  now(): number {
    return this.#now
  }

  schedule(atMs: number, task: () => void): () => void {
    const entry = { atMs, task }
    this.#tasks.add(entry)
    return () => this.#tasks.delete(entry)
  }

  get pending(): number {
    return this.#tasks.size
  }

  /** Runs what is due at each instant up to `atMs`, and lets promises go on in between. */
  async runTo(atMs: number): Promise<void> {
    for (;;) {
      await settle()
      const due = [...this.#tasks].filter((entry) => entry.atMs <= atMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (!due) break
      this.#tasks.delete(due)
      this.#now = Math.max(this.#now, due.atMs)
      due.task()
    }
    this.#now = Math.max(this.#now, atMs)
  }
}

/** Lets everything go on that waits for nothing but promises. */
export async function settle(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve))
}
