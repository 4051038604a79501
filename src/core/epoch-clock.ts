/** The fixed wall-clock slots of the protocol (docs/protocol.md 3). Pure arithmetic; times in Unix milliseconds. */
import type { Epoch } from './ids.ts'

/** Fractions of an epoch, in thousandths, at which its phases begin or end. */
export const PHASE_MILLI = {
  probeEnd: 500,
  commitSendBy: 550,
  commitCountedUntil: 600,
  /** The reveal begins 2σ later. */
  revealAfter: 600,
  /** A header held and forwarded by now may not be omitted by a proposer. */
  inclusionBy: 800,
  propose: 850,
} as const

export interface EpochClock {
  /** Unix seconds of epoch 0's start. */
  readonly genesis: number
  /** L. */
  readonly epochSeconds: number
}

/** σ = L/48, the skew that every node's clock is kept within. */
export function sigmaMs(clock: EpochClock): number {
  return Math.floor((clock.epochSeconds * 1000) / 48)
}

export function epochAt(clock: EpochClock, timeMs: number): Epoch {
  return Math.floor((timeMs - clock.genesis * 1000) / (clock.epochSeconds * 1000))
}

export function epochStartMs(clock: EpochClock, epoch: Epoch): number {
  return (clock.genesis + epoch * clock.epochSeconds) * 1000
}

/** The instant of a phase within an epoch. */
export function phaseMs(clock: EpochClock, epoch: Epoch, phase: keyof typeof PHASE_MILLI): number {
  return epochStartMs(clock, epoch) + PHASE_MILLI[phase] * clock.epochSeconds
}

export function revealStartMs(clock: EpochClock, epoch: Epoch): number {
  return phaseMs(clock, epoch, 'revealAfter') + 2 * sigmaMs(clock)
}

/**
 * How long before an epoch's start its facts are fixed: 0.3·L, which is at least `confirmations × block time` by the
 * bound of docs/protocol.md, and the same for everybody because L is on chain.
 */
export function seedLagSeconds(clock: EpochClock): number {
  return Math.floor((clock.epochSeconds * 3) / 10)
}

/** Unix seconds: B_e is the last block with a timestamp at or before this. */
export function factsCutoffSeconds(clock: EpochClock, epoch: Epoch): number {
  return clock.genesis + epoch * clock.epochSeconds - seedLagSeconds(clock)
}

/** Length of one attempt slot, 0.5·L/(f+1); slots begin at the proposal instant, at most f+1 of them. */
export function attemptSlotMs(clock: EpochClock, f: number): number {
  return Math.floor((clock.epochSeconds * 500) / (f + 1))
}

/** Unix seconds: the contract takes an attestation while start(e) < block.timestamp ≤ end(e) + L/2. */
export function acceptUntilSeconds(clock: EpochClock, epoch: Epoch): number {
  return clock.genesis + (epoch + 1) * clock.epochSeconds + Math.floor(clock.epochSeconds / 2)
}
