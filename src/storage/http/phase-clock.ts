/** When each phase of an exchange ended, on the monotonic clock. */
import type { HttpTimings } from '../../core/ports/http.ts'

export type Phase = 'resolved' | 'connected' | 'secured' | 'sent' | 'headers' | 'first' | 'last'

export class PhaseClock {
  readonly #start = performance.now()
  readonly #at = new Map<Phase, number>()

  /** The first time counts. */
  mark(phase: Phase): void {
    if (!this.#at.has(phase)) this.#at.set(phase, performance.now())
  }

  /** The last time counts. */
  touch(phase: Phase): void {
    this.#at.set(phase, performance.now())
  }

  timings(): HttpTimings {
    const resolved = this.#at.get('resolved') ?? this.#start
    const connected = this.#at.get('connected') ?? resolved
    const secured = this.#at.get('secured') ?? connected
    // An answer may come before the request has ended; it is no negative time.
    const first = this.#at.get('first') ?? this.#at.get('headers') ?? secured
    const sent = Math.min(this.#at.get('sent') ?? first, first)
    return {
      dnsMs: resolved - this.#start,
      connectMs: connected - resolved,
      tlsMs: secured - connected,
      sendMs: Math.max(0, sent - secured),
      ttfbMs: Math.max(0, first - sent),
      transferMs: (this.#at.get('last') ?? first) - first,
    }
  }
}
