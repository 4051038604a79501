/** The sign phase: one root per (setId, epoch, attempt), in the journal before it is sent. */
import type { AttestationHeader } from '../../core/eip712.ts'
import type { Epoch } from '../../core/ids.ts'
import type { EngineContext } from '../context.ts'
import type { JournalSlot } from '../journal.ts'
import { decodeSignature, encodeSignature, type SignatureMessage } from '../messages/attestation-signature.ts'
import type { RoundRules } from '../messages/rules.ts'
import type { Candidate, Round } from '../round.ts'
import { noticeCertificates } from './transmit.ts'

const NOTHING = new Uint8Array(0)

export function attestationSlot(round: Round, rules: RoundRules, attempt: number): JournalSlot {
  return { kind: 'attestation', setId: rules.setId, epoch: round.epoch, attempt }
}

/** Signs and sends; does nothing when this attempt was signed already or the key must not sign. */
export async function signPhase(
  ctx: EngineContext,
  round: Round,
  rules: RoundRules,
  header: AttestationHeader,
  { evaluation, reveals }: Candidate,
  parentEpoch: Epoch | undefined,
): Promise<void> {
  const slot = attestationSlot(round, rules, header.attempt)
  if (round.index === undefined || !ctx.maySign(round) || ctx.journal.get(slot)) return
  const signature = await ctx.ports.signer.signDigest(ctx.digests.attestation(header))
  const message: SignatureMessage = { header, index: round.index, signature }
  const bytes = encodeSignature(message)
  // 11.1 Journal before sending. 11.6 The inputs go with it: if every oracle stops before the root is final, a signer can
  // evaluate them again, or the network would wait for a state that nobody has.
  const { store } = ctx.keeper
  const bundle = store.signedBundle({ header, parentEpoch, reveals })
  await ctx.journal.write(slot, { message: bytes, extra: NOTHING }, [bundle])
  send(ctx, round, rules, message, bytes)
  await store.saveSignedState(header, evaluation.state)
}

/** Sends again what an earlier run of this process signed. */
export function resendSignatures(ctx: EngineContext, round: Round, rules: RoundRules): void {
  for (const attempt of ctx.journal.attempts(rules.setId, round.epoch, rules.f + 1)) {
    const bytes = ctx.journal.sent(attestationSlot(round, rules, attempt))!
    send(ctx, round, rules, decodeSignature(bytes), bytes)
  }
}

function send(ctx: EngineContext, round: Round, rules: RoundRules, message: SignatureMessage, bytes: Uint8Array): void {
  const { attempt, root } = message.header
  const digest = rules.digests.attestation(message.header)
  round.signaturesOf(attempt).set(message.index, { message: { message, digest }, bytes, at: ctx.clock.now() })
  round.phase = 'sign'
  noticeCertificates(ctx, round, rules)
  ctx.publish('signature', bytes)
  ctx.emitter.emit('signed', { epoch: round.epoch, attempt, root })
}
