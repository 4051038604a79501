/** Attested leaves of units and oracles, from whichever node answers, each proven up to the root that the chain has for its epoch. */
import type { OraclePointsView, ProofView } from '../src/api/http/schemas.ts'
import type { Address, Hash32, Hex, UnitId } from '../src/core/ids.ts'
import { oracleLeafHash, type UnitLeaf, unitLeafHash } from '../src/core/leaves.ts'
import { rootOfProof } from '../src/core/merkle.ts'

const TIMEOUT_MS = 2_000

function leafOf(view: ProofView): UnitLeaf {
  const { unitId, recordHash, paidBpsSum, ...rest } = view.leaf
  return { ...rest, unitId: unitId as UnitId, recordHash: recordHash as Hash32, paidBpsSum: BigInt(paidBpsSum) }
}

async function ask<T>(url: string): Promise<T | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    return answer.ok ? ((await answer.json()) as T) : undefined
  } catch {
    // A node that is gone or behind says nothing; the next one may.
    return undefined
  }
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
      const view = await ask<ProofView>(`${apiUrl}/v1/units/${unitId}/proof`)
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

/** Points by oracle, from the first node that proves them. */
export async function provenPoints(
  apiUrls: readonly string[],
  nodes: readonly Address[],
  rootAt: (epoch: number) => Hex | undefined,
): Promise<Map<Address, string>> {
  const points = new Map<Address, string>()
  for (const apiUrl of apiUrls) {
    for (const node of nodes.filter((each) => !points.has(each))) {
      const view = await ask<OraclePointsView>(`${apiUrl}/v1/oracles/${node}/points`)
      if (!view || view.node !== node) continue
      const leaf = { ...view, node, points: BigInt(view.points), recordHash: view.recordHash as Hash32 }
      if (rootOfProof(oracleLeafHash(leaf), view.proof as Hash32[]) === rootAt(view.epoch))
        points.set(node, view.points)
    }
    if (points.size === nodes.length) break
  }
  return points
}
