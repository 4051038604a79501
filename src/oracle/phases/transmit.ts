/** Certificate and transmission: whoever holds a quorum can send it; a staged order keeps most from paying for nothing. */
import { acceptUntilSeconds } from '../../core/epoch-clock.ts'
import { codeOf } from '../../core/errors.ts'
import { sleepUntil } from '../../core/ports/clock.ts'
import { type EngineContext, pollMs } from '../context.ts'
import type { RoundRules } from '../messages/rules.ts'
import { transmitStage } from '../permutation.ts'
import type { Certificate, HeldSignature, Round } from '../round.ts'

/** A stage lasts an eighth of an epoch: on the devnet a block and its confirmation by one's own node. */
const STAGES_PER_EPOCH = 8

/** 10.7 A quorum of signatures of different seats under one digest. */
export function formCertificate(round: Round, rules: RoundRules, attempt: number): Certificate | undefined {
  const byDigest = new Map<string, HeldSignature[]>()
  for (const held of round.signatures.get(attempt)?.values() ?? []) {
    const list = byDigest.get(held.message.digest) ?? []
    list.push(held)
    byDigest.set(held.message.digest, list)
    if (list.length < rules.quorum) continue
    const signatures = list.sort((a, b) => a.message.message.index - b.message.message.index)
    return { header: held.message.message.header, signatures }
  }
  return undefined
}

/** Looks for certificates; called whenever a signature arrived. */
export function noticeCertificates(ctx: EngineContext, round: Round, rules: RoundRules): void {
  for (const attempt of round.signatures.keys()) {
    if (round.certificates.has(attempt)) continue
    const certificate = formCertificate(round, rules, attempt)
    if (!certificate) continue
    round.certificates.set(attempt, certificate)
    const signers = certificate.signatures.map((held) => held.message.message.index)
    ctx.emitter.emit('certified', { epoch: round.epoch, attempt, root: certificate.header.root, signers })
    round.changed()
  }
}

/** Sends certificates in this node's turn until the chain has decided. After a reorg the same bytes go out again. */
export async function transmitPhase(
  ctx: EngineContext,
  round: Round,
  rules: RoundRules,
  signal: AbortSignal,
): Promise<void> {
  const { sink } = ctx.ports
  const untilMs = acceptUntilSeconds(ctx.epochs, round.epoch) * 1000
  const decided = () => round.outcome !== undefined
  const found = () => round.certificates.size > 0 || decided()
  if (!sink || !(await round.until(found, ctx.clock, untilMs, signal))) return
  const stageMs = Math.floor((ctx.epochs.epochSeconds * 1000) / STAGES_PER_EPOCH)
  const [attempt] = round.certificates.keys()
  if (attempt === undefined) return
  const stage = transmitStage(rules.facts.seed, round.epoch, attempt, rules.n, round.index ?? rules.n - 1)
  await round.until(decided, ctx.clock, Math.min(untilMs, ctx.clock.now() + stage * stageMs), signal)
  while (!decided() && ctx.clock.now() <= untilMs) {
    for (const certificate of round.certificates.values()) await sendIfOpen(ctx, round, certificate, signal)
    await sleepUntil(ctx.clock, ctx.clock.now() + pollMs(ctx), signal)
  }
}

async function sendIfOpen(
  ctx: EngineContext,
  round: Round,
  { header, signatures }: Certificate,
  signal: AbortSignal,
): Promise<void> {
  const { chain, sink } = ctx.ports
  const { epoch, attempt } = header
  let outcome: 'accepted' | 'superseded' | 'failed' = 'failed'
  let gasUsed = 0n
  try {
    // 10.8 Look before sending: another one may have been first, or the root's parent is not the chain's.
    const { kind } = await chain.epochStatus(epoch, signal)
    if (kind !== 'open') return
    round.phase = 'transmit'
    const signed = signatures.map(({ message: { message } }) => ({
      index: message.index,
      signature: message.signature,
    }))
    const result = await sink!.submit(header, signed, signal)
    outcome = result.kind
    gasUsed = result.gasUsed
  } catch (error) {
    if (signal.aborted) throw signal.reason
    ctx.logger.warn('the attestation could not be sent', { epoch, attempt, code: codeOf(error), reason: String(error) })
  }
  ctx.metrics.count('oracle_submissions_total', { outcome })
  ctx.emitter.emit('submitted', { epoch: round.epoch, attempt, outcome, gasUsed })
}
