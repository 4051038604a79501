/**
 * Who probes what, and when (docs/protocol.md 5). Derived from x_e, which nobody but the oracle knows before its reveal and
 * which everybody can check after it.
 */
import type { ChainFacts, OracleSeat } from '../core/chain-facts.ts'
import { type EpochClock, epochStartMs, phaseMs } from '../core/epoch-clock.ts'
import { bytesToHex, type Hash32, hexToBytes } from '../core/ids.ts'
import { keccak256 } from '../core/keccak.ts'
import { PROBE_TASKS, type ProbeTask } from '../core/observations.ts'
import type { RegisteredUnit, UnitKind } from '../core/units.ts'
import { head32 } from './permutation.ts'

/** Tasks of one probe of a unit, each epoch: a function is invoked, everything else is read. */
export function tasksOf(kind: UnitKind): readonly ProbeTask[] {
  return kind === 'function' ? ['invoke'] : ['read']
}

/** τ as a bound on the first 32 bits: ⌊2^32·K/n⌋; everyone while n ≤ K. */
export function assignmentThreshold(n: number, expectedReporters: number): number {
  return n <= expectedReporters ? 2 ** 32 : Math.floor((2 ** 32 * expectedReporters) / n)
}

/** What all reporters of an epoch share, computed once: 100,000 units are asked about 15 times over. */
interface UnitFacts {
  /** By unit: bit t = task t of PROBE_TASKS is owed by whoever is assigned the unit. */
  tasks: Uint8Array
  /** Units by operator. */
  owned: ReadonlyMap<string, ReadonlySet<number>>
}

const shared = new WeakMap<readonly RegisteredUnit[], UnitFacts>()

function unitFacts(units: readonly RegisteredUnit[]): UnitFacts {
  let found = shared.get(units)
  if (!found) {
    const tasks = new Uint8Array(units.length)
    const owned = new Map<string, Set<number>>()
    units.forEach((unit, i) => {
      for (const task of tasksOf(unit.terms.kind)) tasks[i]! |= 1 << PROBE_TASKS.indexOf(task)
      const own = owned.get(unit.operator)
      if (own) own.add(i)
      else owned.set(unit.operator, new Set([i]))
    })
    found = { tasks, owned }
    shared.set(units, found)
  }
  return found
}

const NONE: ReadonlySet<number> = new Set()

/** One oracle's assignment of one epoch; `secret` is its x_e. */
export class Assignment {
  readonly #units: readonly RegisteredUnit[]
  readonly #tasks: Uint8Array
  readonly #own: ReadonlySet<number>
  readonly #threshold: number
  readonly #preimage = new Uint8Array(97)

  constructor(facts: ChainFacts, seat: OracleSeat, secret: Hash32) {
    this.#units = facts.units
    const { tasks, owned } = unitFacts(facts.units)
    this.#tasks = tasks
    this.#own = owned.get(seat.operator) ?? NONE
    this.#threshold = assignmentThreshold(facts.set.seats.length, facts.params.expectedReporters)
    this.#preimage.set(hexToBytes(secret))
    this.#preimage.set(hexToBytes(facts.seed), 32)
  }

  /** Whether the unit at this position of the facts is the oracle's to probe. */
  includes(unitIndex: number): boolean {
    // 5.4 Never a unit of its own operator.
    if (unitIndex >= this.#units.length || this.#own.has(unitIndex)) return false
    // 5.3 H(x_e ‖ seed_e ‖ u) < τ.
    return this.#threshold === 2 ** 32 || head32(this.#hash(this.#units[unitIndex]!, 0)) < this.#threshold
  }

  /** Whether a row of this unit and task (index into PROBE_TASKS) is owed by the oracle. */
  owes(unitIndex: number, task: number): boolean {
    return ((this.#tasks[unitIndex] ?? 0) & (1 << task)) !== 0 && this.includes(unitIndex)
  }

  /** Entropy of a task: object and range to read, and the instant; 255 domains a unit. */
  entropy(unit: RegisteredUnit, task: ProbeTask): Hash32 {
    return bytesToHex(this.#hash(unit, 1 + PROBE_TASKS.indexOf(task)))
  }

  #hash(unit: RegisteredUnit, domain: number): Uint8Array {
    this.#preimage.set(hexToBytes(unit.id), 64)
    this.#preimage[96] = domain
    return keccak256(this.#preimage)
  }
}

/**
 * Instant of a probe, Unix ms: uniform over 5–85 % of the probe window. Skew keeps it out of the edges, and a probe that
 * begins late still has 15 % of the window for its time-outs.
 */
export function probeInstantMs(clock: EpochClock, epoch: number, entropy: Hash32): number {
  const start = epochStartMs(clock, epoch)
  const window = phaseMs(clock, epoch, 'probeEnd') - start
  const fraction = Number.parseInt(entropy.slice(58), 16) / 2 ** 32
  return start + Math.floor(window * (0.05 + 0.8 * fraction))
}
