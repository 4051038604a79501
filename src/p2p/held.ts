/** Messages published while nobody listens: kept for a moment, few of them, oldest dropped first. */
export interface HeldMessage {
  topic: string
  data: Uint8Array
}

export interface HeldOptions {
  limits: { messages: number; ageMs: number }
  /** Unix ms. */
  now(): number
}

export interface Held {
  add(message: HeldMessage): void
  /** Takes out the messages whose topic is ready. */
  take(isReady: (topic: string) => boolean): HeldMessage[]
}

/** @param dropped is told of each message that was pushed out or became too old. */
export function createHeld({ limits, now }: HeldOptions, dropped: (message: HeldMessage) => void): Held {
  let waiting: { message: HeldMessage; until: number }[] = []
  return {
    add(message) {
      waiting.push({ message, until: now() + limits.ageMs })
      if (waiting.length > limits.messages) dropped(waiting.shift()!.message)
    },
    take(isReady) {
      if (waiting.length === 0) return []
      const ready: HeldMessage[] = []
      waiting = waiting.filter(({ message, until }) => {
        if (until <= now()) {
          dropped(message)
          return false
        }
        if (!isReady(message.topic)) return true
        ready.push(message)
        return false
      })
      return ready
    },
  }
}
