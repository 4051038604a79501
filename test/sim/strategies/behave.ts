/** Byzantine behaviours: each wraps the ports of an otherwise honest node, so that several make one adversary. */
import type { OracleNodePorts } from '../../../src/oracle/api.ts'
import type { StrategyName } from '../options.ts'
import type { SimNode } from '../sim-node.ts'
import type { SimGossip } from '../twins/network.ts'
import type { Random } from '../twins/random.ts'
import type { World } from '../world.ts'
import { STRATEGIES } from './strategies.ts'

export interface StrategyContext {
  world: World
  self: SimNode
  /** The mesh itself, below all wrappers. */
  gossip: SimGossip
  random: Random
}

export type Strategy = (ports: OracleNodePorts, context: StrategyContext) => OracleNodePorts

export function behave(
  names: readonly StrategyName[],
  ports: OracleNodePorts,
  context: StrategyContext,
): OracleNodePorts {
  return names.reduce(
    (wrapped, name) => STRATEGIES[name](wrapped, { ...context, random: context.random.fork(name) }),
    ports,
  )
}
