/**
 * Between the network and a topic's handler: a bounded queue, oldest dropped first. Gossip has no backpressure, so the
 * bound is what keeps a flood from becoming memory; the oldest goes because its verdict would be too late to be forwarded.
 */
export interface TopicQueueOptions {
  capacity: number
  concurrency: number
}

export interface TopicQueue<Item> {
  push(item: Item): void
  readonly length: number
  /** Forgets what waits and takes nothing more. */
  close(): void
}

/** @param work must not throw. @param dropped is called for each item pushed out. */
export function createTopicQueue<Item>(
  options: TopicQueueOptions,
  work: (item: Item) => Promise<void>,
  dropped: (item: Item) => void,
): TopicQueue<Item> {
  let waiting: Item[] = []
  let head = 0
  let running = 0
  let closed = false

  const take = (): Item | undefined => {
    if (head >= waiting.length) return undefined
    const item = waiting[head]
    head++
    // Half of the array is behind us: give it back.
    if (head > 64 && head * 2 > waiting.length) {
      waiting = waiting.slice(head)
      head = 0
    }
    return item
  }
  const pump = () => {
    while (!closed && running < options.concurrency) {
      const item = take()
      if (item === undefined) return
      running++
      void work(item).finally(() => {
        running--
        pump()
      })
    }
  }
  return {
    get length() {
      return waiting.length - head
    },
    push(item) {
      if (closed) return
      if (waiting.length - head >= options.capacity) {
        const oldest = take()
        if (oldest !== undefined) dropped(oldest)
      }
      waiting.push(item)
      pump()
    },
    close() {
      closed = true
      waiting = []
      head = 0
    },
  }
}
