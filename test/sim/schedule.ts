/** One random schedule from its seed to its result. */
import type { Violation } from './checkers.ts'
import type { SimOptions } from './options.ts'
import { swarmOptions } from './swarm.ts'
import { World } from './world.ts'

export interface ScheduleResult {
  seed: string
  options: SimOptions
  nodes: number
  epochs: number
  byzantine: number
  crashes: number
  strategies: string[]
  faults: string[]
  attested: number
  possible: number
  attestedOfPossible: number
  violations: Violation[]
  lastEvents: readonly string[]
}

export async function runSchedule(seed: string): Promise<ScheduleResult> {
  return runOptions(swarmOptions(seed))
}

export async function runOptions(options: SimOptions): Promise<ScheduleResult> {
  const world = new World(options)
  await world.run()
  const { checkers } = world
  return {
    seed: options.seed,
    options,
    nodes: options.nodes.length,
    epochs: options.epochs,
    byzantine: options.nodes.filter((node) => node.strategies.length > 0).length,
    crashes: options.faults.filter((fault) => /crash|lost/.test(fault.kind)).length,
    strategies: options.nodes.flatMap((node) => node.strategies),
    faults: options.faults.map((fault) => fault.kind),
    attested: [...checkers.accepted.keys()].filter((epoch) => epoch < options.epochs).length,
    possible: checkers.possible,
    attestedOfPossible: checkers.attestedOfPossible,
    violations: checkers.violations,
    lastEvents: world.lastEvents,
  }
}
