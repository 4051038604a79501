/** Misbehaviour on purpose: what happens at which epoch. The S3 unit's backend is the one that goes wrong. */
import type { ProxyMode } from './servers/proxy-main.ts'

export const SCENARIOS = ['default', 'calm', 'slow', 'lossy', 'down', 'liar', 'copier'] as const
export type ScenarioName = (typeof SCENARIOS)[number]

export type Misbehaviour = 'liar' | 'copier'

export interface Act {
  /** At the start of this epoch. */
  epoch: number
  /** For the log. */
  text: string
  mode: Partial<ProxyMode>
}

export interface Scenario {
  acts: readonly Act[]
  /**
   * What the oracle beside the disk unit is, if not honest: a liar reports that the S3 unit, its rival, can't be reached; a
   * copier shows another's commit and reveal as its own.
   */
  oracle?: Misbehaviour
}

/** More than twice what the units promise, less than the probes' patience. */
const SLOW: Partial<ProxyMode> = { latencyMs: 2_300 }
const slow = (epoch: number): Act => ({ epoch, text: 'the S3 backend turns slow', mode: SLOW })
const lossy = (epoch: number): Act => ({ epoch, text: 'the S3 backend loses its objects', mode: { lossy: true } })

export const SCENARIO: Readonly<Record<ScenarioName, Scenario>> = {
  default: { acts: [slow(4), lossy(7)] },
  calm: { acts: [] },
  slow: { acts: [slow(3)] },
  lossy: { acts: [lossy(3)] },
  down: {
    acts: [
      { epoch: 3, text: 'the S3 backend goes down', mode: { down: true } },
      { epoch: 5, text: 'the S3 backend is back', mode: {} },
    ],
  },
  liar: { acts: [], oracle: 'liar' },
  copier: { acts: [], oracle: 'copier' },
}
