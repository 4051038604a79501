/** Every accepted root recomputed from the evidence that honest nodes kept, and who was counted in it. */
import type { AcceptedAttestation } from '../../src/core/chain-facts.ts'
import { decodeRevealHeader } from '../../src/oracle/messages/reveal-header.ts'
import { replayEpoch } from '../../src/oracle/replay.ts'
import { OracleState } from '../../src/oracle/state/state.ts'
import type { World } from './world.ts'

/** Strategies whose observations must never count. */
const NEVER_COUNTED: ReadonlySet<string> = new Set(['copier', 'late-committer', 'grinder'])

export async function checkEvidence(world: World, attestations: readonly AcceptedAttestation[]): Promise<void> {
  let state = OracleState.empty()
  for (const attestation of attestations.toSorted((a, b) => a.header.epoch - b.header.epoch)) {
    const { epoch } = attestation.header
    const bundle = await findBundle(world, attestation)
    // The last one may not be final yet; an older one was kept by somebody.
    if (!bundle) {
      if (epoch < world.options.epochs - 1) world.violate('evidence', `nobody has the evidence of epoch ${epoch}`)
      return
    }
    // A deep reorg may have taken away the block that the nodes had their facts from; the headers name it.
    const facts = world.chain.factsOf(epoch, decodeRevealHeader(bundle.reveals[0]!.header).blockHash)
    if (!facts) return world.violate('replay', `epoch ${epoch} was evaluated on a block that never was`)
    const { evaluation, differences } = replayEpoch(bundle, state, facts, world.digests)
    for (const { field, expected, found } of differences)
      world.violate('replay', `epoch ${epoch}: ${field} is ${expected}, recomputed ${found}`)
    if (differences.length > 0) return
    const seats = facts.set.seats
    for (const index of evaluation.counting) {
      const node = world.nodes.find((n) => n.signer.address === seats[index]!.node)!
      // Together with another strategy the honest message may get out by that one's way.
      const [strategy, ...others] = node.options.strategies
      if (strategy && others.length === 0 && NEVER_COUNTED.has(strategy))
        world.violate('counted', `the ${strategy} at ${node.index} was counted in epoch ${epoch}`)
    }
    checkInclusion(
      world,
      epoch,
      bundle.reveals.map((r) => decodeRevealHeader(r.header).index),
    )
    state = evaluation.state
  }
}

/** In an undisturbed, lossless epoch every honest node is in the input set, whoever proposes. */
function checkInclusion(world: World, epoch: number, included: readonly number[]): void {
  const { options } = world
  if (options.network.loss > 0 || options.rotation) return
  const epochMs = options.epochSeconds * 1000
  const disturbed = options.faults.some((f) => Math.abs(f.atMs / epochMs - epoch) < 6)
  if (disturbed) return
  for (const node of world.nodes) {
    const skewed = Math.abs(node.options.offsetMs) > epochMs / 48 || node.options.driftPpm !== 0
    const joined = node.options.joinsAtMs === 0 && !world.hasClone(node.index)
    if (node.honest && !skewed && joined && !included.includes(node.index))
      world.violate('censored', `node ${node.index} is missing from epoch ${epoch}`)
  }
}

async function findBundle(world: World, attestation: AcceptedAttestation) {
  for (const node of world.nodes) {
    if (!node.honest || !node.node) continue
    const bundle = await node.node.evidence(attestation.header.epoch)
    if (bundle?.header.root === attestation.header.root) return bundle
  }
  return undefined
}
