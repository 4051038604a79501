/** Control targets: places that are up when the network is. When they fail too, it is the prober's fault and nobody else's. */
import type { ProbeOutcome } from '../../core/observations.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { HttpClient } from '../../core/ports/http.ts'

/** Outcomes that a broken network at the prober's end looks like. */
const NETWORK_OUTCOMES: ReadonlySet<ProbeOutcome> = new Set([
  'dns-failure',
  'connect-refused',
  'connect-timeout',
  'tls-failure',
  'idle-timeout',
  'total-timeout',
  'connection-reset',
])

/** A verdict on the own network is good for so long: a hundred failing probes ask once. */
const VERDICT_MS = 2000
const CONTROL_TOTAL_MS = 3000
const MAX_ANSWER_BYTES = 262_144

export class Controls {
  readonly #targets: readonly string[]
  readonly #http: HttpClient
  readonly #clock: Pick<Clock, 'now'>
  #verdict: { untilMs: number; works: Promise<boolean> } | undefined

  constructor(targets: readonly string[], http: HttpClient, clock: Pick<Clock, 'now'>) {
    this.#targets = targets
    this.#http = http
    this.#clock = clock
  }

  /** The outcome as it stands, or `control-failed` when no control target can be reached either. */
  async judge(outcome: ProbeOutcome, signal: AbortSignal): Promise<ProbeOutcome> {
    if (this.#targets.length === 0 || !NETWORK_OUTCOMES.has(outcome)) return outcome
    const nowMs = this.#clock.now()
    if (!this.#verdict || this.#verdict.untilMs <= nowMs)
      this.#verdict = { untilMs: nowMs + VERDICT_MS, works: this.#anyAnswers(signal) }
    return (await this.#verdict.works) ? outcome : 'control-failed'
  }

  async #anyAnswers(signal: AbortSignal): Promise<boolean> {
    const answers = this.#targets.map(async (url) => {
      const response = await this.#http.request({
        method: 'HEAD',
        url,
        maxResponseBytes: MAX_ANSWER_BYTES,
        totalMs: CONTROL_TOTAL_MS,
        signal,
      })
      await response.body.return?.()
    })
    return Promise.any(answers).then(
      () => true,
      () => false,
    )
  }
}
