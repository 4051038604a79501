/** Lets a scenario happen: each act at the start of its epoch. */
import { type EpochClock, epochStartMs } from '../src/core/epoch-clock.ts'
import { systemClock } from '../src/node/system-ports.ts'
import type { DevnetLog } from './log.ts'
import type { Scenario } from './scenarios.ts'
import type { BackendProxy } from './servers/proxy.ts'

/** @returns a function that ends it. */
export function direct(
  scenario: Scenario,
  { clock, proxy, log }: { clock: EpochClock; proxy: BackendProxy; log: DevnetLog },
): () => void {
  const cancels = scenario.acts.map(({ epoch, text, mode }) =>
    systemClock.schedule(epochStartMs(clock, epoch), () => {
      proxy.behave(mode)
      log.line(`epoch ${epoch}: ${text}`)
    }),
  )
  return () => {
    for (const cancel of cancels) cancel()
  }
}
