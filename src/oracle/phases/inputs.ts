/** A follower's look at a proposal: fetch what is missing, refuse what omits a timely reveal. */
import { phaseMs } from '../../core/epoch-clock.ts'
import type { Address } from '../../core/ids.ts'
import type { EngineContext } from '../context.ts'
import type { NamedReveal } from '../evaluate.ts'
import type { RevealEvidence } from '../evidence.ts'
import { fetchBatch, fetchHeader } from '../fetch.ts'
import type { ProposalMessage } from '../messages/proposal.ts'
import type { RoundRules } from '../messages/rules.ts'
import type { Round } from '../round.ts'

export interface Inputs {
  named: NamedReveal[]
  /** The same, as they were on the wire. */
  evidence: RevealEvidence[]
}

/** 8.8 The nodes that a proposal omits although this node held header and batch by 80 % of its clock. */
export function omittedInTime(
  ctx: EngineContext,
  round: Round,
  rules: RoundRules,
  proposal: ProposalMessage,
): number[] {
  const by = phaseMs(ctx.epochs, round.epoch, 'inclusionBy')
  const included = new Set(proposal.inputs.map(({ index }) => index))
  const omitted: number[] = []
  for (let index = 0; index < rules.n; index++) {
    if (included.has(index)) continue
    const held = round.completeReveal(index)
    if (!held || held.at > by) continue
    if (round.batches.get(held.message.message.batchHash)!.at <= by) omitted.push(index)
  }
  return omitted
}

/** All inputs of a proposal, fetched if need be; `undefined` when one can't be had. */
export async function obtainInputs(
  ctx: EngineContext,
  round: Round,
  rules: RoundRules,
  proposal: ProposalMessage,
  signal: AbortSignal,
): Promise<Inputs | undefined> {
  const proposer: Address[] = [rules.facts.set.seats[proposal.index]!.node]
  const got = await Promise.all(
    proposal.inputs.map(async ({ index, hash }) => {
      if (!round.headers.has(hash) && !(await fetchHeader(ctx, round, hash, proposer, signal))) return false
      const held = round.headers.get(hash)!
      // 8.9 The digest names a header of the node at whose index it stands.
      if (held.message.message.index !== index) return false
      return fetchBatch(ctx, round, held, proposer, signal)
    }),
  )
  if (got.includes(false)) return undefined
  const inputs: Inputs = { named: [], evidence: [] }
  for (const { hash } of proposal.inputs) {
    const held = round.headers.get(hash)!
    const batch = round.batches.get(held.message.message.batchHash)!.bytes
    inputs.named.push({ header: held.message.message, batch })
    inputs.evidence.push({ header: held.bytes, batch })
  }
  return inputs
}
