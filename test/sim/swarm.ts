/** Random schedules: each seed switches a different subset of troubles on, so that combinations nobody thought of meet. */
import { HEALING_EPOCHS } from './checkers.ts'
import { type Fault, type NodeOptions, quietOptions, type SimOptions, type StrategyName } from './options.ts'
import type { NetworkOptions } from './twins/network.ts'
import type { UnitBehaviour } from './twins/probe.ts'
import { Random } from './twins/random.ts'

/** Mostly seven nodes; the smallest and larger sets often enough to matter. The mean is 8.3. */
const SIZES = [4, 7, 7, 7, 7, 7, 7, 10, 10, 13] as const
const STRATEGY_NAMES: readonly StrategyName[] = [
  'silent',
  'inventor',
  'colluder',
  'equivocator',
  'copier',
  'selective',
  'late-committer',
  'withholder',
  'censor',
  'two-faced-proposer',
  'wrong-parent',
  'grinder',
  'false-bitmap',
  'spammer',
]
/** First epoch in which faults begin: the first states exist by then. */
const WARM_UP_EPOCHS = 1

export function swarmOptions(seed: string): SimOptions {
  const random = new Random(`swarm/${seed}`)
  const n = random.pick(SIZES)
  const epochs = random.int(10, 18)
  const base = quietOptions(seed, n, epochs)
  const f = Math.floor((n - 1) / 3)
  const byzantine = random.chance(0.7) ? random.int(1, f) : 0
  return {
    ...base,
    nodes: swarmNodes(random, n, byzantine, base.epochSeconds * 1000),
    units: swarmUnits(random, epochs),
    network: swarmNetwork(random, base.epochSeconds * 1000),
    expectedReporters: random.chance(0.2) ? Math.max(4, n - 2) : 15,
    syncMs: random.pick([0, 2, 20, 120]),
    faults: random.chance(0.8) ? swarmFaults(random, base, n, byzantine) : [],
  }
}

function swarmNodes(random: Random, n: number, byzantine: number, epochMs: number): NodeOptions[] {
  const liars = new Set(
    random.sample(
      Array.from({ length: n }, (_, i) => i),
      byzantine,
    ),
  )
  const skewed = random.chance(0.5)
  // Up to σ on both sides of the truth: the bound that the protocol is made for.
  const sigma = Math.floor(epochMs / 48)
  return Array.from({ length: n }, (_, i) => ({
    offsetMs: skewed ? random.int(-sigma, sigma) : 0,
    driftPpm: 0,
    strategies: liars.has(i) ? random.sample(STRATEGY_NAMES, random.int(1, 2)) : [],
    joinsAtMs: 0,
  }))
}

function swarmUnits(random: Random, epochs: number): UnitBehaviour[] {
  return Array.from({ length: random.int(1, 4) }, () => {
    const from = random.int(0, epochs)
    return {
      availability: random.pick([1, 0.99, 0.95, 0.7, 0]),
      ttfbMs: random.pick([20, 80, 300, 900]),
      kbps: random.pick([2_000, 20_000, 200_000]),
      ...(random.chance(0.3) && { outage: { from, to: from + random.int(0, 3) } }),
    }
  })
}

function swarmNetwork(random: Random, epochMs: number): NetworkOptions {
  const slow = random.chance(0.3)
  return {
    loss: random.pick([0, 0, 0, 0.02, 0.05, 0.1]),
    minDelayMs: 2,
    maxDelayMs: slow ? Math.floor(epochMs / 60) : 60,
    duplicate: random.pick([0, 0, 0.05]),
    replay: random.pick([0, 0, 0.05]),
    replayMs: epochMs,
  }
}

type Maker = (random: Random, at: number, options: SimOptions, node: number) => Fault

const MAKERS: readonly Maker[] = [
  (r, atMs, o, node) => ({ kind: 'crash', node, atMs, downMs: r.int(200, o.epochSeconds * 1500) }),
  (r, atMs, o, node) => ({ kind: 'crash', node, atMs, downMs: r.int(200, o.epochSeconds * 500) }),
  (r, atMs, o, node) => ({ kind: 'crash-in-sync', node, atMs, downMs: r.int(200, o.epochSeconds * 300) }),
  (r, atMs, o, node) => ({ kind: 'crash-in-sync', node, atMs, downMs: r.int(50, o.epochSeconds * 100) }),
  (r, atMs, o, node) => ({ kind: 'journal-lost', node, atMs, downMs: r.int(50, o.epochSeconds * 500) }),
  (r, atMs, o, node) => ({ kind: 'disk-lost', node, atMs, downMs: r.int(50, o.epochSeconds * 500) }),
  (r, atMs, o, node) => ({ kind: 'endpoint-down', node, atMs, forMs: r.int(500, o.epochSeconds * 1500) }),
  (r, atMs, o, node) => ({
    kind: 'endpoint-lag',
    node,
    atMs,
    forMs: r.int(500, o.epochSeconds * 2000),
    lagSeconds: r.int(1, 4),
  }),
  (r, atMs, o, node) => ({ kind: 'endpoint-lies', node, atMs, forMs: r.int(500, o.epochSeconds * 1500) }),
  (r, atMs, o, node) => ({
    kind: 'clock-step',
    node,
    atMs,
    forMs: r.int(500, o.epochSeconds * 1500),
    offsetMs: r.int(-1, 1) * r.int(500, o.epochSeconds * 1200),
  }),
  (r, atMs, o, node) => ({ kind: 'disk-full', node, atMs, forMs: r.int(500, o.epochSeconds * 1500) }),
]

function swarmFaults(random: Random, options: SimOptions, n: number, byzantine: number): Fault[] {
  const epochMs = options.epochSeconds * 1000
  const lastMs = (options.epochs - HEALING_EPOCHS - 2) * epochMs
  const at = () => random.int(WARM_UP_EPOCHS * epochMs, Math.max(WARM_UP_EPOCHS * epochMs, lastMs))
  const f = Math.floor((n - 1) / 3)
  // As many nodes as may be bad beside the liars, at least one: then some epochs are excused.
  const victims = random.sample(
    Array.from({ length: n }, (_, i) => i),
    Math.max(1, f - byzantine),
  )
  const faults: Fault[] = Array.from({ length: random.int(1, 3) }, () =>
    random.pick(MAKERS)(random, at(), options, random.pick(victims)),
  )
  if (random.chance(0.75)) {
    const make = random.pick(MAKERS.slice(0, 4))
    faults.push(make(random, at(), options, random.pick(victims)))
  }
  if (random.chance(0.3))
    faults.push({ kind: 'reorg', atMs: at() + 500, depth: random.int(1, 6), keepTransactions: random.chance(0.5) })
  if (random.chance(0.15)) faults.push(partition(random, at(), n, epochMs))
  if (random.chance(0.05)) faults.push({ kind: 'chain-halt', atMs: at(), forMs: random.int(1000, epochMs) })
  return faults.sort((a, b) => a.atMs - b.atMs)
}

function partition(random: Random, atMs: number, n: number, epochMs: number): Fault {
  const all = Array.from({ length: n }, (_, i) => i)
  const left = random.sample(all, random.int(1, Math.floor(n / 2)))
  return {
    kind: 'partition',
    atMs,
    forMs: random.int(500, epochMs),
    groups: [left, all.filter((i) => !left.includes(i))],
  }
}
