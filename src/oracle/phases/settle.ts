/** The end of an epoch: ask the chain until it is final or skipped, and take over the state when it is. */

import { phaseMs } from '../../core/epoch-clock.ts'
import { codeOf } from '../../core/errors.ts'
import { sleepUntil } from '../../core/ports/clock.ts'
import { currentEpoch, type EngineContext, pollMs } from '../context.ts'
import type { Round } from '../round.ts'

/** Epochs after which a round gives up asking; the state is then found through the next one's parent. */
const GIVE_UP_EPOCHS = 3

export async function settlePhase(ctx: EngineContext, round: Round, signal: AbortSignal): Promise<void> {
  const { epoch } = round
  await sleepUntil(ctx.clock, phaseMs(ctx.epochs, epoch, 'propose'), signal)
  let reached = true
  while (currentEpoch(ctx) <= epoch + GIVE_UP_EPOCHS) {
    await sleepUntil(ctx.clock, ctx.clock.now() + pollMs(ctx), signal)
    try {
      const status = await ctx.ports.chain.epochStatus(epoch, signal)
      reached = true
      if (status.kind === 'skipped') return skipped(ctx, round)
      if (status.kind === 'final') {
        if (round.outcome === undefined) {
          round.outcome = 'final'
          round.phase = 'final'
          round.changed()
          ctx.metrics.count('oracle_epochs_attested_total')
          ctx.metrics.gauge('oracle_final_epoch', epoch)
          ctx.emitter.emit('attested', { epoch, attestation: status.attestation })
        }
        // Asked again at each poll while no peer has the state: the next round needs it.
        if (await ctx.keeper.adopt(status.attestation, signal)) return
        if ((ctx.keeper.current?.state.epoch ?? -1) >= epoch) return
      }
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (reached) ctx.logger.warn('the chain did not answer', { epoch, code: codeOf(error) })
      reached = false
    }
  }
}

function skipped(ctx: EngineContext, round: Round): void {
  round.outcome = 'skipped'
  round.phase = 'skipped'
  round.changed()
  ctx.metrics.count('oracle_epochs_skipped_total')
  ctx.emitter.emit('skipped', { epoch: round.epoch })
}
