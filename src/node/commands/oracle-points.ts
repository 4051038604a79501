/** The API's proof of an oracle's points, as the contract takes it. */
import { type OraclePointsView, oraclePointsSchema } from '../../api/http/schemas.ts'
import type { Epoch, Hash32, Hex } from '../../core/ids.ts'
import type { OracleLeaf } from '../../core/leaves.ts'

export function oraclePointsOf(answer: unknown): { leaf: OracleLeaf; proof: Hash32[]; prevEpoch: Epoch } {
  const { node, epoch, era, points, recordHash, proof, prevEpoch }: OraclePointsView = oraclePointsSchema.parse(answer)
  const leaf = { node: node as Hex, epoch, era, points: BigInt(points), recordHash: recordHash as Hex }
  return { leaf, proof: proof as Hex[], prevEpoch }
}
