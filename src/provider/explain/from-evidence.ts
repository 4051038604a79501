/** The report of a unit from an epoch's evidence bundle: what was signed is evaluated once more, nobody's word is taken. */
import type { ChainFacts } from '../../core/chain-facts.ts'
import type { Digests } from '../../core/eip712.ts'
import type { UnitId } from '../../core/ids.ts'
import { maxFaulty } from '../../core/quorum.ts'
import { Assignment } from '../../oracle/assignment.ts'
import { BatchError, batchHash, decodeBatch, withoutVoid } from '../../oracle/batch.ts'
import { countingReveals } from '../../oracle/evaluate.ts'
import type { EvidenceBundle } from '../../oracle/evidence.ts'
import { openBundle } from '../../oracle/replay.ts'
import type { OracleState } from '../../oracle/state/state.ts'
import { epochUnitsOf } from '../../scoring/epoch-units.ts'
import { type EvidencedReport, indexOfUnit, type UnitReport, unitReport } from './unit-report.ts'

/**
 * @param previous the state that the bundle's epoch was evaluated on.
 * @param facts of the bundle's epoch.
 * @throws {OracleError} `bad-bundle`; {RangeError} when the epoch has no such unit.
 */
export function reportFromEvidence(
  bundle: EvidenceBundle,
  previous: OracleState,
  facts: ChainFacts,
  digests: Digests,
  unitId: UnitId,
): UnitReport {
  const n = facts.set.seats.length
  const { epoch, units, params } = facts
  return unitReport(
    {
      table: previous.table,
      epoch,
      units: epochUnitsOf(units),
      reports: reportsOf(bundle, facts, digests),
      params,
      n,
      f: maxFaulty(n),
    },
    indexOfUnit(units, unitId),
  )
}

/** The reports that counted, by the same rules as in the evaluation. */
export function reportsOf(bundle: EvidenceBundle, facts: ChainFacts, digests: Digests): EvidencedReport[] {
  const reports: EvidencedReport[] = []
  for (const { header, batch } of countingReveals(facts, openBundle(bundle, digests))) {
    const seat = facts.set.seats[header.index]!
    try {
      const columns = withoutVoid(decodeBatch(batch, facts.units.length), new Assignment(facts, seat, header.secret))
      reports.push({ reporter: seat.node, columns, evidence: batchHash(batch) })
    } catch (error) {
      // A batch that is not well-formed counts as not revealed.
      if (!(error instanceof BatchError)) throw error
    }
  }
  return reports
}
