/** Alarms: loud once, then quiet until the matter changes; the newest are kept for the status. */
import type { Epoch } from '../core/ids.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { Metrics } from '../core/ports/metrics.ts'
import type { Alarm, AlarmCode } from './api.ts'
import type { Emitter } from './emitter.ts'

const KEPT = 32
/** An alarm of one code is repeated after this many epochs at the earliest. */
const QUIET_EPOCHS = 10

export class Alarms {
  readonly #recent: Alarm[] = []
  readonly #lastEpoch = new Map<AlarmCode, Epoch>()
  readonly #modules: { clock: Clock; emitter: Emitter; logger: Logger; metrics: Metrics }

  constructor(modules: { clock: Clock; emitter: Emitter; logger: Logger; metrics: Metrics }) {
    this.#modules = modules
  }

  raise(code: AlarmCode, epoch: Epoch, message: string): void {
    const { clock, emitter, logger, metrics } = this.#modules
    metrics.count('oracle_alarms_total', { code })
    const last = this.#lastEpoch.get(code)
    if (last !== undefined && epoch - last < QUIET_EPOCHS) return
    this.#lastEpoch.set(code, epoch)
    const alarm = { code, epoch, message, at: clock.now() }
    this.#recent.push(alarm)
    if (this.#recent.length > KEPT) this.#recent.shift()
    logger.error(message, { alarm: code, epoch })
    emitter.emit('alarm', alarm)
  }

  recent(): readonly Alarm[] {
    return [...this.#recent]
  }
}
