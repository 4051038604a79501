/**
 * The evaluation of an epoch: previous state, chain facts at B_e and the named reveals give the next state. Pure; no other
 * input, so that any machine gets the same root from the same evidence (docs/protocol.md 9).
 */
import type { ChainFacts } from '../core/chain-facts.ts'
import { commitHashOf } from '../core/hash-list.ts'
import type { Address, NodeIndex } from '../core/ids.ts'
import { maxFaulty } from '../core/quorum.ts'
import type { RegisteredUnit } from '../core/units.ts'
import { type EpochUnits, epochUnitsOf } from '../scoring/epoch-units.ts'
import { evaluateEpoch } from '../scoring/evaluate-epoch.ts'
import type { EpochReport } from '../scoring/evaluation.ts'
import { Assignment } from './assignment.ts'
import { decodeBatch, withoutVoid } from './batch.ts'
import type { RevealHeaderMessage } from './messages/reveal-header.ts'
import { addPoints, OracleState } from './state/state.ts'

/** A reveal of the input set, with the bytes that its header names. */
export interface NamedReveal {
  header: RevealHeaderMessage
  batch: Uint8Array
}

export interface Evaluation {
  state: OracleState
  /** Reporters whose reveal counted. */
  counting: readonly NodeIndex[]
}

/** Reveals whose own commit hash stands in `seen` of at least f + 1 headers of the input set. */
export function countingReveals(facts: ChainFacts, reveals: readonly NamedReveal[]): NamedReveal[] {
  const f = maxFaulty(facts.set.seats.length)
  return reveals.filter(({ header }) => {
    const { index, batchHash, salt, epoch } = header
    const own = commitHashOf(batchHash, salt, facts.set.seats[index]!.node, epoch)
    // 9.2 Seen in time by f + 1: at least one of them is honest. One pass: headers that do not count still bear witness.
    const witnesses = reveals.filter((r) => r.header.seen.some((entry) => entry.index === index && entry.hash === own))
    return witnesses.length >= f + 1
  })
}

export function evaluate(
  previous: OracleState,
  facts: ChainFacts,
  era: number,
  reveals: readonly NamedReveal[],
): Evaluation {
  const n = facts.set.seats.length
  const reports: EpochReport[] = []
  const counting: { index: NodeIndex; node: Address }[] = []
  for (const { header, batch } of countingReveals(facts, reveals)) {
    const seat = facts.set.seats[header.index]!
    const columns = readBatch(batch, facts.units.length)
    // 9.3 A batch that is not well-formed counts as not revealed.
    if (!columns) continue
    // 9.4 Entries that x_e does not assign are void.
    reports.push({
      reporter: seat.node,
      columns: withoutVoid(columns, new Assignment(facts, seat, header.secret)),
    })
    counting.push({ index: header.index, node: seat.node })
  }
  const { table } = evaluateEpoch({
    table: previous.table,
    epoch: facts.epoch,
    units: unitColumns(facts.units),
    reports,
    params: facts.params,
    n,
    f: maxFaulty(n),
  })
  const points = addPoints(
    previous.points,
    facts.set.seats,
    counting.map(({ node }) => node),
  )
  return {
    state: new OracleState({ epoch: facts.epoch, era, table, points }),
    counting: counting.map(({ index }) => index),
  }
}

/** Attempts of one epoch, and epochs between which no unit changed, share the columns. */
const columnsOf = new WeakMap<readonly RegisteredUnit[], EpochUnits>()

function unitColumns(units: readonly RegisteredUnit[]): EpochUnits {
  let columns = columnsOf.get(units)
  if (!columns) {
    columns = epochUnitsOf(units)
    columnsOf.set(units, columns)
  }
  return columns
}

function readBatch(bytes: Uint8Array, units: number) {
  try {
    return decodeBatch(bytes, units)
  } catch {
    return undefined
  }
}
