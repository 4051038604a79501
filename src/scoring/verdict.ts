/** The verdict of one unit and epoch, and what it pays (docs/scoring.md 3). */

/** Index = value in the output columns. */
export const VERDICTS = ['NEUTRAL', 'MET', 'MISSED'] as const
export type Verdict = (typeof VERDICTS)[number]
export const NEUTRAL = 0
export const MET = 1
export const MISSED = 2
