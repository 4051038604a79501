/** Recomputing an attested epoch from its evidence: the same code that signed it, and the first difference by name. */
import type { ChainFacts } from '../core/chain-facts.ts'
import type { AttestationHeader, Digests } from '../core/eip712.ts'
import { hashIndexed } from '../core/hash-list.ts'
import type { UnitLeaf } from '../core/leaves.ts'
import { batchHash } from './batch.ts'
import { OracleError } from './errors.ts'
import { type Evaluation, evaluate, type NamedReveal } from './evaluate.ts'
import type { EvidenceBundle } from './evidence.ts'
import { decodeRevealHeader } from './messages/reveal-header.ts'
import type { OracleState } from './state/state.ts'

export interface ReplayResult {
  evaluation: Evaluation
  /** What does not agree with the attested header; empty when everything does. */
  differences: { field: keyof AttestationHeader; expected: string; found: string }[]
}

/**
 * Evaluates a bundle on its parent's state. Pure.
 * @throws {OracleError} `bad-bundle` when the bundle is not what the attested `inputsHash` covers, `wrong-facts` when its
 * reveals were made on another block than the facts.
 */
export function replayEpoch(
  bundle: EvidenceBundle,
  previous: OracleState,
  facts: ChainFacts,
  digests: Digests,
  era: number = previous.era,
): ReplayResult {
  const reveals = openBundle(bundle, digests)
  const other = reveals.find(({ header }) => header.blockHash !== facts.block.hash)
  if (other)
    throw new OracleError(
      'wrong-facts',
      `epoch ${facts.epoch} was measured on block ${other.header.blockHash}, the chain has ${facts.block.hash}; a reorg?`,
    )
  const evaluation = evaluate(previous, facts, era, reveals)
  const { header } = bundle
  const found: Partial<AttestationHeader> = {
    epoch: facts.epoch,
    setId: facts.set.setId,
    root: evaluation.state.root,
    unitCount: evaluation.state.unitCount,
    paramsHash: facts.paramsHash,
    evaluatorVersion: facts.evaluatorVersion,
  }
  const differences = (Object.keys(found) as (keyof AttestationHeader)[])
    .filter((field) => found[field] !== header[field])
    .map((field) => ({ field, expected: String(header[field]), found: String(found[field]) }))
  return { evaluation, differences }
}

/** One attested epoch with what it takes to recompute it. */
export interface ReplayStep {
  bundle: EvidenceBundle
  facts: ChainFacts
  era: number
}

/**
 * Replays attested epochs one after the other, each on the result of the one before. Ends after the first that differs: what
 * follows builds on another state.
 * @param from state of the epoch before the first step; `OracleState.empty()` before the first attestation.
 * @throws what `replayEpoch` throws.
 */
export async function* replayRange(
  from: OracleState,
  steps: Iterable<ReplayStep> | AsyncIterable<ReplayStep>,
  digests: Digests,
): AsyncGenerator<ReplayResult & { header: AttestationHeader }> {
  let state = from
  for await (const { bundle, facts, era } of steps) {
    const result = replayEpoch(bundle, state, facts, digests, era)
    yield { ...result, header: bundle.header }
    if (result.differences.length > 0) return
    state = result.evaluation.state
  }
}

/** The reveals of a bundle, each hash checked up to the attested `inputsHash`. @throws {OracleError} `bad-bundle`. */
export function openBundle(bundle: EvidenceBundle, digests: Digests): NamedReveal[] {
  const reveals: NamedReveal[] = []
  let inputsHash: string
  try {
    const inputs = bundle.reveals.map(({ header: bytes, batch }) => {
      const header = decodeRevealHeader(bytes)
      if (batchHash(batch) !== header.batchHash) throw new OracleError('bad-bundle', `batch of node ${header.index}`)
      reveals.push({ header, batch })
      return { index: header.index, hash: digests.revealHeader(header) }
    })
    inputsHash = hashIndexed(inputs)
  } catch (cause) {
    throw new OracleError('bad-bundle', 'the evidence bundle is damaged; ask another node for it', { cause })
  }
  if (inputsHash !== bundle.header.inputsHash)
    throw new OracleError('bad-bundle', 'the evidence bundle holds other reveals than the attested ones')
  return reveals
}

/** The first unit whose leaf differs between two states, by field. */
export function firstLeafDifference(
  a: OracleState,
  b: OracleState,
): { unitId: string; field: keyof UnitLeaf; a: string; b: string } | undefined {
  for (let row = 0; row < Math.max(a.unitCount, b.unitCount); row++) {
    if (row >= a.unitCount || row >= b.unitCount) {
      const unitId = (row < a.unitCount ? a : b).unitId(row)
      return { unitId, field: 'unitId', a: row < a.unitCount ? unitId : '', b: row < b.unitCount ? unitId : '' }
    }
    const [left, right] = [a.unitLeaf(row), b.unitLeaf(row)]
    for (const field of Object.keys(left) as (keyof UnitLeaf)[])
      if (left[field] !== right[field])
        return { unitId: left.unitId, field, a: String(left[field]), b: String(right[field]) }
  }
  return undefined
}
