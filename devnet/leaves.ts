/** Units' attested leaves, from whichever node answers, each proven up to the root that the chain has for its epoch. */
import type { ProofView } from '../src/api/http/schemas.ts'
import type { Hash32, Hex, UnitId } from '../src/core/ids.ts'
import { type UnitLeaf, unitLeafHash } from '../src/core/leaves.ts'
import { rootOfProof } from '../src/core/merkle.ts'

const TIMEOUT_MS = 2_000

function leafOf(view: ProofView): UnitLeaf {
  const { unitId, recordHash, paidBpsSum, ...rest } = view.leaf
  return { ...rest, unitId: unitId as UnitId, recordHash: recordHash as Hash32, paidBpsSum: BigInt(paidBpsSum) }
}

async function ask(apiUrl: string, unitId: Hex): Promise<ProofView | undefined> {
  const answer = await fetch(`${apiUrl}/v1/units/${unitId}/proof`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  return answer.ok ? ((await answer.json()) as ProofView) : undefined
}

/** @param rootAt the chain's root of an epoch. */
export async function provenLeaves(
  apiUrls: readonly string[],
  unitIds: readonly Hex[],
  rootAt: (epoch: number) => Hex | undefined,
): Promise<Map<string, UnitLeaf>> {
  const leaves = new Map<string, UnitLeaf>()
  for (const apiUrl of apiUrls) {
    for (const unitId of unitIds) {
      // A node that is gone or behind says nothing; the next one may.
      const view = await ask(apiUrl, unitId).catch(() => undefined)
      if (!view || view.leaf.unitId !== unitId) continue
      const leaf = leafOf(view)
      const root = rootOfProof(unitLeafHash(leaf), view.proof as Hash32[])
      if (root !== rootAt(leaf.epoch)) continue
      if ((leaves.get(unitId)?.epoch ?? -1) < leaf.epoch) leaves.set(unitId, leaf)
    }
    if (leaves.size === unitIds.length) break
  }
  return leaves
}
