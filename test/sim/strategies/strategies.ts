/** All strategies by name. */
import type { StrategyName } from '../options.ts'
import type { Strategy } from './behave.ts'

const silent: Strategy = (ports) => ({
  ...ports,
  gossip: { ...ports.gossip, publish: async () => {} },
})

export const STRATEGIES = { silent } as unknown as Record<StrategyName, Strategy>
