/** Probes of simulated providers: each unit behaves in a way that the seed, the epoch and the prober decide. */
import type { Epoch, UnitId } from '../../../src/core/ids.ts'
import type { Clock } from '../../../src/core/ports/clock.ts'
import type { ProbeResult, UnitProbe } from '../../../src/core/ports/unit-probe.ts'
import { Random } from './random.ts'

export interface UnitBehaviour {
  /** Probability that a probe succeeds. */
  availability: number
  ttfbMs: number
  kbps: number
  /** First and last epoch of an outage. */
  outage?: { from: Epoch; to: Epoch }
  /** Answers these probers only: a provider that knows whom it serves. */
  servesOnly?: ReadonlySet<string>
}

export function simProbe(options: {
  clock: Clock
  prober: string
  seed: string
  behaviourOf: (unit: UnitId) => UnitBehaviour
}): UnitProbe {
  const { clock, prober, seed, behaviourOf } = options
  return {
    prepare: async () => {},
    probe: ({ unit, task, epoch }) => {
      const behaviour = behaviourOf(unit.id)
      const random = new Random(`${seed}/probe/${prober}/${unit.id}/${epoch}/${task}`)
      const result = resultOf(behaviour, epoch, prober, random)
      return new Promise((resolve) => {
        clock.schedule(clock.now() + Math.max(5, result.ttfbMs), () => resolve(result))
      })
    },
  }
}

function resultOf(b: UnitBehaviour, epoch: Epoch, prober: string, random: Random): ProbeResult {
  const out = b.outage && epoch >= b.outage.from && epoch <= b.outage.to
  const refused = b.servesOnly && !b.servesOnly.has(prober)
  if (out || refused || !random.chance(b.availability)) return { outcome: 'connect-timeout', ttfbMs: 0, kbps: 0 }
  const jitter = 0.8 + 0.4 * random.unit()
  return { outcome: 'ok', ttfbMs: Math.ceil(b.ttfbMs * jitter), kbps: Math.floor(b.kbps * jitter) }
}
