/**
 * Virtual time: events in a heap, run in order of time and then of their creation. Before time moves on, every promise that
 * can settle has settled, so that a run depends on nothing but its seed.
 */

interface Entry {
  at: number
  order: number
  task: (() => void) | undefined
}

const before = (a: Entry, b: Entry) => a.at < b.at || (a.at === b.at && a.order < b.order)

export class VirtualTime {
  #now: number
  #order = 0
  readonly #heap: Entry[] = []
  /** Events run so far. */
  events = 0

  constructor(startMs: number) {
    this.#now = startMs
  }

  get now(): number {
    return this.#now
  }

  /** @returns a function that cancels. */
  at(atMs: number, task: () => void): () => void {
    const entry: Entry = { at: Math.max(this.#now, atMs), order: this.#order++, task }
    this.#push(entry)
    return () => {
      entry.task = undefined
    }
  }

  after(delayMs: number, task: () => void): () => void {
    return this.at(this.#now + delayMs, task)
  }

  /** Runs until `untilMs`, or until `stop()` says so. */
  async runUntil(untilMs: number, stop: () => boolean = () => false): Promise<void> {
    await settle()
    while (!stop()) {
      const next = this.#heap[0]
      if (!next || next.at > untilMs) break
      const at = next.at
      this.#now = at
      while (this.#heap[0]?.at === at) {
        const { task } = this.#pop()
        if (!task) continue
        this.events++
        task()
      }
      await settle()
    }
    if (!stop()) this.#now = Math.max(this.#now, untilMs)
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let i = heap.push(entry) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!before(entry, heap[parent]!)) break
      heap[i] = heap[parent]!
      i = parent
    }
    heap[i] = entry
  }

  #pop(): Entry {
    const heap = this.#heap
    const top = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return top
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
      if (!before(heap[child]!, last)) break
      heap[i] = heap[child]!
      i = child
    }
    heap[i] = last
    return top
  }
}

/** Lets all microtasks run: they come before the next turn of the event loop. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
