/** What one simulated schedule is made of: plain data, so that a failure can be printed and run again. */
import type { NetworkOptions } from './twins/network.ts'
import type { UnitBehaviour } from './twins/probe.ts'

export type StrategyName =
  | 'silent'
  | 'inventor'
  | 'colluder'
  | 'equivocator'
  | 'copier'
  | 'selective'
  | 'late-committer'
  | 'withholder'
  | 'censor'
  | 'two-faced-proposer'
  | 'wrong-parent'
  | 'grinder'
  | 'false-bitmap'
  | 'spammer'

/** Times in milliseconds since genesis. */
export type Fault =
  /** The process ends at once; unsynced writes are lost. */
  | { kind: 'crash'; node: number; atMs: number; downMs: number }
  /** The process ends within a synchronous write: the first one after `atMs`. */
  | { kind: 'crash-in-sync'; node: number; atMs: number; downMs: number }
  /** As a crash, and the journal is gone when it comes back. */
  | { kind: 'journal-lost'; node: number; atMs: number; downMs: number }
  /** As a crash, and the whole disk is new. */
  | { kind: 'disk-lost'; node: number; atMs: number; downMs: number }
  | { kind: 'partition'; atMs: number; forMs: number; groups: readonly (readonly number[])[] }
  | { kind: 'reorg'; atMs: number; depth: number; keepTransactions: boolean }
  | { kind: 'endpoint-lag'; node: number; atMs: number; forMs: number; lagSeconds: number }
  | { kind: 'endpoint-down'; node: number; atMs: number; forMs: number }
  | { kind: 'endpoint-lies'; node: number; atMs: number; forMs: number }
  | { kind: 'clock-step'; node: number; atMs: number; forMs: number; offsetMs: number }
  | { kind: 'disk-full'; node: number; atMs: number; forMs: number }
  | { kind: 'chain-halt'; atMs: number; forMs: number }

export interface NodeOptions {
  offsetMs: number
  driftPpm: number
  strategies: readonly StrategyName[]
  /** Starts this long after the rest; 0 = before genesis. */
  joinsAtMs: number
}

export interface SimOptions {
  seed: string
  epochs: number
  epochSeconds: number
  nodes: readonly NodeOptions[]
  /** Nodes with a seat until and from the rotation; without one all have one. */
  rotation?: { atEpoch: number; before: readonly number[]; after: readonly number[] }
  units: readonly UnitBehaviour[]
  /** The real thing is a hundred times slower than the keyed hash and is used in a few runs. */
  keys: 'keyed-hash' | 'secp256k1'
  expectedReporters: number
  epochsPerDay: number
  network: NetworkOptions
  syncMs: number
  faults: readonly Fault[]
}

/** A quiet network of honest nodes: what scripted scenarios start from. */
export function quietOptions(seed: string, n: number, epochs: number): SimOptions {
  return {
    seed,
    epochs,
    epochSeconds: Math.max(12, n),
    nodes: Array.from({ length: n }, () => ({ offsetMs: 0, driftPpm: 0, strategies: [], joinsAtMs: 0 })),
    units: [
      { availability: 1, ttfbMs: 40, kbps: 80_000 },
      { availability: 0.95, ttfbMs: 60, kbps: 60_000 },
      { availability: 0.8, ttfbMs: 300, kbps: 9_000 },
    ],
    keys: 'keyed-hash',
    expectedReporters: 15,
    epochsPerDay: 6,
    network: { loss: 0, minDelayMs: 5, maxDelayMs: 60, duplicate: 0, replay: 0, replayMs: 0 },
    syncMs: 8,
    faults: [],
  }
}
