/** One epoch for all units (docs/scoring.md). */
import type { EvaluateEpochInput, EvaluateEpochResult } from './evaluation.ts'

/** Pure: the parent's table is left as it is. Same input, same bits, whatever the order of the reports. */
export declare function evaluateEpoch(input: EvaluateEpochInput): EvaluateEpochResult
