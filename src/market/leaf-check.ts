/** Leaves as evidence: a leaf counts once its proof leads to the root that the contract accepted for its epoch. */
import type { Epoch, UnitId } from '../core/ids.ts'
import { unitLeafHash } from '../core/leaves.ts'
import { rootOfProof } from '../core/merkle.ts'
import type { LeafSource, MarketAttestation, MarketReader, ProvenLeaf, UnitLeafProof } from '../core/ports/market.ts'

/** Slots of the contract's ring: older roots can't be proven against any more. */
export const RING_SIZE = 4096

/** A tree of 2^32 leaves; a longer list of siblings is not worth hashing. */
const MAX_PROOF_LENGTH = 32

export type LeafFlaw = 'wrong-unit' | 'wrong-epoch' | 'unknown-root' | 'wrong-proof'

export interface CheckedLeaf extends ProvenLeaf {
  attestation: MarketAttestation
}

/** Checks a leaf against the chain; nothing of the source's word is used but the leaf and its siblings. */
export function checkLeaf(market: MarketReader, unitId: UnitId, given: UnitLeafProof): CheckedLeaf | LeafFlaw {
  const { leaf, proof } = given
  if (leaf.unitId !== unitId) return 'wrong-unit'
  const attestation = market.attestation(leaf.epoch)
  if (!attestation) return 'unknown-root'
  if (leaf.era !== attestation.era) return 'wrong-epoch'
  if (proof.length > MAX_PROOF_LENGTH) return 'wrong-proof'
  if (rootOfProof(unitLeafHash(leaf), proof) !== attestation.header.root) return 'wrong-proof'
  return { leaf, proof, ringPrevEpoch: attestation.ringPrevEpoch, attestation }
}

/** Asks a source and checks its answer. `undefined` when there is none that proves; `onFlaw` hears why. */
export async function provenLeaf(
  modules: { market: MarketReader; leaves: LeafSource; onFlaw?: (flaw: LeafFlaw) => void },
  unitId: UnitId,
  epoch: Epoch | undefined,
  signal: AbortSignal,
): Promise<CheckedLeaf | undefined> {
  const given = await modules.leaves.unitProof(unitId, epoch, signal)
  if (!given) return undefined
  const checked = checkLeaf(modules.market, unitId, given)
  if (typeof checked === 'string') {
    modules.onFlaw?.(checked)
    return undefined
  }
  if (epoch !== undefined && checked.leaf.epoch !== epoch) {
    modules.onFlaw?.('wrong-epoch')
    return undefined
  }
  return checked
}

/**
 * The attestation by which a reservation that ends at `end` can be settled: `newest` while it runs, afterwards the first
 * one at or behind its end, because the contract takes no later one. `undefined` when that root has left the ring.
 */
export function settlingAttestation(
  market: MarketReader,
  newest: MarketAttestation,
  end: Epoch,
): MarketAttestation | undefined {
  let candidate = newest
  for (let steps = 0; candidate.header.epoch > end && candidate.ringPrevEpoch >= end; steps++) {
    const before = market.attestation(candidate.ringPrevEpoch)
    if (!before || steps > RING_SIZE || before.header.epoch + RING_SIZE <= newest.header.epoch) return undefined
    candidate = before
  }
  return candidate
}
