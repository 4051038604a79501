/** The proposer's part: name the reveals that this attempt is evaluated on. Never the result. */
import { hashIndexed, type IndexedHash } from '../../core/hash-list.ts'
import type { Hash32 } from '../../core/ids.ts'
import type { EngineContext } from '../context.ts'
import { encodeProposal, type ProposalMessage } from '../messages/proposal.ts'
import type { RoundRules } from '../messages/rules.ts'
import type { Round } from '../round.ts'

/** 8.7 Every node of which header and batch are held, one header each. */
export function completeInputs(round: Round, rules: RoundRules): IndexedHash[] {
  const inputs: IndexedHash[] = []
  for (let index = 0; index < rules.n; index++) {
    const held = round.completeReveal(index)
    if (held) inputs.push({ index, hash: held.message.digest })
  }
  return inputs
}

/** Proposes for an attempt; the caller has made sure that it is this node's turn and that the inputs suffice. */
export async function proposePhase(
  ctx: EngineContext,
  round: Round,
  rules: RoundRules,
  attempt: number,
  parentRoot: Hash32,
): Promise<void> {
  const inputs = completeInputs(round, rules)
  const fields = { setId: rules.setId, epoch: round.epoch, attempt, parentRoot, inputsHash: hashIndexed(inputs) }
  const signature = await ctx.ports.signer.signDigest(ctx.digests.proposal(fields))
  // Another task may have heard a proposal of an earlier run of this process meanwhile: that one stands.
  if (round.proposals.has(attempt)) return
  const message: ProposalMessage = { ...fields, inputs, index: round.index!, signature }
  const bytes = encodeProposal(message)
  round.proposals.set(attempt, { message, bytes, at: ctx.clock.now() })
  ctx.publish('proposal', bytes)
  const { epoch } = round
  ctx.emitter.emit('proposal', { epoch, attempt, proposer: round.index!, inputs: inputs.length, mine: true })
  round.changed()
}
