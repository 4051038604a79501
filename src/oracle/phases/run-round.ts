/** One epoch of one node, from the chain facts to the state: the phases side by side, each ending by itself. */
import { acceptUntilSeconds, epochStartMs, revealStartMs } from '../../core/epoch-clock.ts'
import { codeOf } from '../../core/errors.ts'
import type { Hash32 } from '../../core/ids.ts'
import { EVALUATOR_VERSION } from '../../core/params.ts'
import { sleepUntil } from '../../core/ports/clock.ts'
import { Assignment } from '../assignment.ts'
import { type EngineContext, pollMs } from '../context.ts'
import { pullRound, wantBatches } from '../fetch.ts'
import type { SecretVerifier } from '../hash-chain.ts'
import { type RoundRules, roundRules } from '../messages/rules.ts'
import type { Round } from '../round.ts'
import { agreePhase } from './agree.ts'
import { commitPhase, resumeCommit } from './commit.ts'
import { probePhase } from './probe.ts'
import { pullInstants, revealPhase } from './reveal.ts'
import { settlePhase } from './settle.ts'
import { resendSignatures } from './sign.ts'
import { transmitPhase } from './transmit.ts'

/** Peers asked in one pull of commits or reveals. */
const PULL_PEERS = 2
/** The anchor has to be renewed two epochs ahead; a week is what an operator needs to notice. */
const EXHAUSTING_DAYS = 7

export async function runRound(
  ctx: EngineContext,
  round: Round,
  secrets: SecretVerifier,
  signal: AbortSignal,
): Promise<void> {
  const rules = await obtainRules(ctx, round, secrets, signal)
  if (!rules) return
  round.rules = rules
  const seat = rules.facts.set.seats.findIndex(({ node }) => node === ctx.ports.signer.address)
  round.index = seat < 0 ? undefined : seat
  checkStanding(ctx, round, rules)
  const guard = (what: string, task: Promise<void>) =>
    task.catch((error) => {
      if (signal.aborted) return
      ctx.metrics.count('oracle_phase_failures_total', { phase: what })
      const fields = { epoch: round.epoch, phase: what, code: codeOf(error), reason: String(error) }
      ctx.logger.error('a phase failed', fields)
      if (codeOf(error) === 'journal-damaged')
        ctx.alarms.raise('store-failed', round.epoch, 'nothing is signed without the journal; check the disk')
    })
  if (round.index !== undefined) resendSignatures(ctx, round, rules)
  await Promise.all([
    guard('report', report(ctx, round, rules, signal)),
    guard('collect', collect(ctx, round, signal)),
    guard('agree', agreePhase(ctx, round, rules, signal)),
    guard('transmit', transmitPhase(ctx, round, rules, signal)),
    guard('settle', settlePhase(ctx, round, signal)),
  ])
}

/** The facts at B_e, asked for until the epoch can no longer be attested. */
async function obtainRules(
  ctx: EngineContext,
  round: Round,
  secrets: SecretVerifier,
  signal: AbortSignal,
): Promise<RoundRules | undefined> {
  const { epoch } = round
  while (ctx.clock.now() < acceptUntilSeconds(ctx.epochs, epoch) * 1000) {
    try {
      const facts = await ctx.ports.chain.factsAt(epoch, signal)
      return roundRules(facts, { digests: ctx.digests, signatures: ctx.ports.signatures, secrets })
    } catch (error) {
      if (signal.aborted) throw signal.reason
      ctx.metrics.count('oracle_chain_failures_total', { code: codeOf(error) })
      if (ctx.clock.now() > epochStartMs(ctx.epochs, epoch) + 4 * pollMs(ctx))
        ctx.alarms.raise('chain-unreachable', epoch, `no chain facts (${codeOf(error)}); check the RPC endpoint`)
      await sleepUntil(ctx.clock, ctx.clock.now() + pollMs(ctx), signal)
    }
  }
  return undefined
}

/** Start-of-epoch self-checks that an operator has to hear about. */
function checkStanding(ctx: EngineContext, round: Round, { facts }: RoundRules): void {
  const { alarms, options } = ctx
  if (facts.evaluatorVersion !== EVALUATOR_VERSION)
    alarms.raise(
      'evaluator-version',
      round.epoch,
      `the chain uses evaluator ${facts.evaluatorVersion}, this program has ${EVALUATOR_VERSION}; upgrade it`,
    )
  if (options.hashChain && round.index === undefined)
    alarms.raise('not-in-set', round.epoch, `${ctx.ports.signer.address} has no seat; going on as a light node`)
  if (round.index === undefined || !options.hashChain) return
  const { anchor } = facts.set.seats[round.index]!
  const left = anchor.baseEpoch + options.hashChain.length - round.epoch
  if (left < EXHAUSTING_DAYS * facts.params.epochsPerDay)
    alarms.raise('anchor-exhausting', round.epoch, `the hash chain ends in ${left} epochs; announce a new anchor`)
}

/** x_e, if the configured hash chain is the one on chain. */
function ownSecret(ctx: EngineContext, round: Round, rules: RoundRules): Hash32 | undefined {
  const { hashChain } = ctx.options
  const seat = round.index === undefined ? undefined : rules.facts.set.seats[round.index]
  if (!hashChain || !seat) return undefined
  const { anchor } = seat
  if (hashChain.anchor(anchor.baseEpoch).value !== anchor.value) {
    ctx.alarms.raise('anchor-mismatch', round.epoch, 'the hash chain on disk is not the announced one; not reporting')
    return undefined
  }
  const distance = round.epoch - anchor.baseEpoch
  return distance < 0 || distance > hashChain.length ? undefined : hashChain.secretAt(anchor, round.epoch)
}

/** Probe, commit, reveal: one after the other. */
async function report(ctx: EngineContext, round: Round, rules: RoundRules, signal: AbortSignal): Promise<void> {
  const secret = ownSecret(ctx, round, rules)
  if (!secret || !ctx.ports.probe) return
  const seat = rules.facts.set.seats[round.index!]!
  let own = await resumeCommit(ctx, round, rules)
  if (!own) {
    if (!ctx.maySign(round)) return
    const rows = await probePhase(ctx, round, rules, new Assignment(rules.facts, seat, secret), signal)
    own = await commitPhase(ctx, round, rules, rows)
  }
  if (!own) return
  await sleepUntil(ctx.clock, revealStartMs(ctx.epochs, round.epoch), signal)
  await revealPhase(ctx, round, rules, own, secret)
}

/** Pulls what gossip did not bring, before each phase that needs it. */
async function collect(ctx: EngineContext, round: Round, signal: AbortSignal): Promise<void> {
  const { commits, reveals } = pullInstants(ctx, round.epoch)
  const n = round.rules!.n
  const allCommits = () => round.commits.size >= n
  await sleepUntil(ctx.clock, commits, signal)
  if (!allCommits()) await pullRound(ctx, round, 255, PULL_PEERS, allCommits, signal)
  const allReveals = () => round.authors >= n
  for (const instant of reveals) {
    await sleepUntil(ctx.clock, instant, signal)
    if (round.outcome) return
    wantBatches(ctx, round)
    if (!allReveals()) await pullRound(ctx, round, 255, PULL_PEERS, allReveals, signal)
  }
}
