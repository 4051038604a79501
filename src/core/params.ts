/** Parameters of time and evaluation that contract and nodes share (docs/protocol.md). */

/** On chain with an activation epoch; `paramsHash = keccak256(abi.encode(...))` in this order. All `uint32`. */
export interface EvaluationParams {
  /** Epochs that make a day: 144 at 600 s. */
  epochsPerDay: number
  /** Reporters without whom availability is not judged: 8. */
  minReports: number
  /** TTFB samples from which a p95 is claimed: 59 (0.95^59 < 0.05). */
  ttfbClaimSamples: number
  /** TTFB samples from which the SLA term is enforced: 200. */
  ttfbEnforceSamples: number
  /** K: expected reporters of a unit and epoch; everyone when n ≤ K. */
  expectedReporters: number
}

export const DEFAULT_PARAMS: EvaluationParams = {
  epochsPerDay: 144,
  minReports: 8,
  ttfbClaimSamples: 59,
  ttfbEnforceSamples: 200,
  expectedReporters: 15,
}

/** Twelve-second epochs and seven nodes: the same rules with numbers that can be reached within minutes. */
export const DEVNET_PARAMS: EvaluationParams = {
  epochsPerDay: 6,
  minReports: 1,
  ttfbClaimSamples: 12,
  ttfbEnforceSamples: 12,
  expectedReporters: 15,
}

/** Version of the evaluation's rules that this code implements; the chain announces which one an epoch uses. */
export const EVALUATOR_VERSION = 1
