/** From 85 % on: the attempts, one slot after the other, until the chain has decided or the slots are used up. */
import type { AttestationHeader } from '../../core/eip712.ts'
import { sigmaMs } from '../../core/epoch-clock.ts'
import { ZERO_HASH } from '../../core/ids.ts'
import { sleepUntil } from '../../core/ports/clock.ts'
import { type EngineContext, pollMs } from '../context.ts'
import { evaluate } from '../evaluate.ts'
import { pullRound } from '../fetch.ts'
import type { ProposalMessage } from '../messages/proposal.ts'
import type { RoundRules } from '../messages/rules.ts'
import { proposerOf } from '../permutation.ts'
import type { Candidate, Round } from '../round.ts'
import type { RootedState } from '../state/store.ts'
import { slotMs } from '../timing.ts'
import { obtainInputs, omittedInTime } from './inputs.ts'
import { completeInputs, proposePhase } from './propose.ts'
import { signPhase } from './sign.ts'

/** Peers asked in one pull of signatures. */
const PULL_PEERS = 2

interface Attempt {
  attempt: number
  from: number
  to: number
}

export async function agreePhase(
  ctx: EngineContext,
  round: Round,
  rules: RoundRules,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 0; attempt <= rules.f; attempt++) {
    const slot: Attempt = { attempt, ...slotMs(ctx, round.epoch, attempt, rules.f) }
    if (ctx.clock.now() >= slot.to) continue
    await round.until(() => settled(round), ctx.clock, slot.from, signal)
    if (settled(round)) return
    round.phase = 'propose'
    ctx.emitter.emit('phase', { epoch: round.epoch, phase: 'propose' })
    await attemptOnce(ctx, round, rules, slot, signal)
  }
}

/** 8.1 Nobody needs another attempt once a certificate exists or the chain has decided. */
const settled = (round: Round) => round.outcome !== undefined || round.certificates.size > 0

async function attemptOnce(
  ctx: EngineContext,
  round: Round,
  rules: RoundRules,
  slot: Attempt,
  signal: AbortSignal,
): Promise<void> {
  const parent = await parentWithin(ctx, round, slot, signal)
  if (!parent || settled(round)) return
  const { attempt } = slot
  const mine = proposerOf(rules.facts.seed, round.epoch, attempt, rules.n) === round.index
  if (mine && ctx.maySign(round) && !round.proposals.has(attempt)) {
    const enough = () => completeInputs(round, rules).length >= rules.n - rules.f
    // 8.7 Whoever committed is expected to be had: leaving one out that others hold would cost the attempt.
    const patience = { ...slot, to: slot.from + Math.floor((slot.to - slot.from) / 3) }
    await pullUntil(ctx, round, patience, () => allCommitted(round), signal)
    if (await pullUntil(ctx, round, slot, enough, signal)) await proposePhase(ctx, round, rules, attempt, parent.root)
  }
  const hasProposal = () => round.proposals.has(attempt) || settled(round)
  if (!(await pullUntil(ctx, round, slot, hasProposal, signal)) || settled(round)) return
  await judge(ctx, round, rules, round.proposals.get(attempt)!.message, parent, signal)
  await pullUntil(ctx, round, slot, () => settled(round), signal)
}

/** Header and batch of everybody who committed are held. */
function allCommitted(round: Round): boolean {
  for (const index of round.commits.keys()) if (!round.completeReveal(index)) return false
  return true
}

/** The parent's state, as soon as the epoch before is decided. */
async function parentWithin(
  ctx: EngineContext,
  round: Round,
  slot: Attempt,
  signal: AbortSignal,
): Promise<RootedState | undefined> {
  for (;;) {
    const parent = await ctx.keeper.parentOf(round.epoch, signal)
    if (parent || settled(round) || ctx.clock.now() >= slot.to) return parent
    await sleepUntil(ctx.clock, Math.min(slot.to, ctx.clock.now() + pollMs(ctx)), signal)
  }
}

/** Waits for a condition until the slot's end, pulling what gossip may have lost. */
async function pullUntil(
  ctx: EngineContext,
  round: Round,
  slot: Attempt,
  holds: () => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const every = Math.max(100, Math.floor((slot.to - slot.from) / 6))
  while (ctx.clock.now() < slot.to) {
    if (await round.until(holds, ctx.clock, Math.min(slot.to, ctx.clock.now() + every), signal)) return true
    if (ctx.clock.now() < slot.to) await pullRound(ctx, round, slot.attempt, PULL_PEERS, holds, signal)
  }
  return holds()
}

/** Evaluates a proposal and signs the result, if every rule allows. */
async function judge(
  ctx: EngineContext,
  round: Round,
  rules: RoundRules,
  proposal: ProposalMessage,
  parent: RootedState,
  signal: AbortSignal,
): Promise<void> {
  const { epoch, attempt } = proposal
  const refuse = (reason: string, fields = {}) => {
    ctx.metrics.count('oracle_proposals_refused_total', { reason })
    ctx.logger.warn('proposal refused', { epoch, attempt, reason, ...fields })
  }
  // 8.10 The proposal builds on the parent that this node takes from the chain.
  if (proposal.parentRoot !== parent.root) return refuse('wrong-parent')
  const omitted = omittedInTime(ctx, round, rules, proposal)
  if (omitted.length > 0) return refuse('omission', { omitted: omitted.join(' ') })
  const candidate = await evaluateProposal(ctx, round, rules, proposal, parent, signal)
  if (!candidate) return refuse('missing-input')
  // 10.1 Signed only within the attempt's slot: a later attempt may already have another root.
  if (ctx.clock.now() >= slotMs(ctx, epoch, attempt, rules.f).to + sigmaMs(ctx.epochs)) return refuse('too-late')
  const header: AttestationHeader = {
    epoch,
    setId: rules.setId,
    attempt,
    parentRoot: parent.root,
    root: candidate.root,
    unitCount: candidate.evaluation.state.unitCount,
    inputsHash: proposal.inputsHash,
    paramsHash: rules.facts.paramsHash,
    evaluatorVersion: rules.facts.evaluatorVersion,
  }
  const parentEpoch = parent.root === ZERO_HASH ? undefined : parent.state.epoch
  await signPhase(ctx, round, rules, header, candidate, parentEpoch)
}

async function evaluateProposal(
  ctx: EngineContext,
  round: Round,
  rules: RoundRules,
  proposal: ProposalMessage,
  parent: RootedState,
  signal: AbortSignal,
): Promise<Candidate | undefined> {
  const key = `${parent.root}/${proposal.inputsHash}`
  const known = round.candidates.get(key)
  if (known) return known
  const inputs = await obtainInputs(ctx, round, rules, proposal, signal)
  if (!inputs) return undefined
  const started = ctx.clock.now()
  const evaluation = evaluate(parent.state, rules.facts, parent.state.era, inputs.named)
  const candidate: Candidate = {
    parentRoot: parent.root,
    inputsHash: proposal.inputsHash,
    root: evaluation.state.root,
    evaluation,
    reveals: inputs.evidence,
  }
  ctx.metrics.observe('oracle_evaluation_ms', ctx.clock.now() - started)
  round.candidates.set(key, candidate)
  return candidate
}
