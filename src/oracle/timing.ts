/** Instants of an epoch by this node's clock (docs/protocol.md 3). */
import { attemptSlotMs, epochStartMs, phaseMs, revealStartMs, sigmaMs } from '../core/epoch-clock.ts'
import type { Epoch } from '../core/ids.ts'
import type { EngineContext } from './context.ts'

/** Rule 6.6: from the end of the probes, less skew, until commits are no longer counted. */
export function isCommitTime(ctx: EngineContext, epoch: Epoch): boolean {
  const now = ctx.clock.now()
  const from = epochStartMs(ctx.epochs, epoch) - 2 * sigmaMs(ctx.epochs)
  return now >= from && now <= phaseMs(ctx.epochs, epoch, 'commitCountedUntil')
}

/** Rule 7.9: an honest header is sent at 60 % + 2σ by a clock that may be ahead of this one by 2σ. */
export function isRevealTime(ctx: EngineContext, epoch: Epoch): boolean {
  return ctx.clock.now() >= revealStartMs(ctx.epochs, epoch) - 2 * sigmaMs(ctx.epochs)
}

/** Begin and end of an attempt's slot, Unix ms. */
export function slotMs(ctx: EngineContext, epoch: Epoch, attempt: number, f: number): { from: number; to: number } {
  const slot = attemptSlotMs(ctx.epochs, f)
  const from = phaseMs(ctx.epochs, epoch, 'propose') + attempt * slot
  return { from, to: from + slot }
}
