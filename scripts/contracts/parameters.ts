/**
 * Deployment parameters with their defaults. Delays are counted in epochs and follow the length of a contract day, so that a
 * devnet's day of six epochs behaves like a real one. Bounds are the contracts' own (docs/contracts.md).
 */
import { DEFAULT_PARAMS, EVALUATOR_VERSION, type EvaluationParams } from '../../src/core/params.ts'

export type Hex = `0x${string}`

export interface EconomicParams {
  protocolFeeBps: number
  minProviderBond: bigint
  bondPerTib: bigint
  lossSlash: bigint
  lossSlashCap: bigint
  abandonmentSlash: bigint
  reporterReward: bigint
  disputeDeposit: bigint
  exposureBps: readonly [number, number, number]
  holdEpochs: number
  disputeEpochs: number
  escapeEpochs: number
  challengeEpochs: number
  unbondingEpochs: number
}

export interface OracleSetParams {
  minBond: bigint
  slashAmount: bigint
  reporterReward: bigint
  seatLimit: number
  unbondingEpochs: number
  evidenceEpochs: number
  rotationEpochs: number
}

export interface DeployParameters {
  /** Unix seconds of epoch 0's start; may lie ahead. */
  genesis: number
  epochSeconds: number
  /** Epochs of a contract day. Default: the evaluation's `epochsPerDay`. */
  dayEpochs?: number
  evaluation?: EvaluationParams
  evaluatorVersion?: number
  economics?: Partial<EconomicParams>
  oracleSet?: Partial<OracleSetParams>
  /** Tokens units may be priced in. Default: the bond token, a point worth 10^15. */
  tokens?: readonly { token: Hex; pointValue: bigint }[]
  /** ERC-20 of all bonds. Default: a DevToken that the deployer mints, for development networks only. */
  bondToken?: Hex
  /** Who may pause intake and announce evaluation parameters. Default: the deployer. */
  owner?: Hex
  /** Who receives what slashes leave after the reporter's reward. Default: burnt. */
  treasury?: Hex
}

/** Where a burnt amount goes: an address without a key. */
export const BURN_ADDRESS: Hex = '0x000000000000000000000000000000000000dEaD'
const TOKEN = 10n ** 18n

export function economicParams(dayEpochs: number, given: Partial<EconomicParams> = {}): EconomicParams {
  return {
    protocolFeeBps: 200,
    minProviderBond: 1_000n * TOKEN,
    bondPerTib: 0n,
    lossSlash: 100n * TOKEN,
    lossSlashCap: 500n * TOKEN,
    abandonmentSlash: 500n * TOKEN,
    reporterReward: 5n * TOKEN,
    disputeDeposit: 10n * TOKEN,
    exposureBps: [1_000, 5_000, 10_000],
    holdEpochs: dayEpochs,
    disputeEpochs: 3 * dayEpochs,
    escapeEpochs: 7 * dayEpochs,
    challengeEpochs: dayEpochs,
    unbondingEpochs: 30 * dayEpochs,
    ...given,
  }
}

export function oracleSetParams(dayEpochs: number, given: Partial<OracleSetParams> = {}): OracleSetParams {
  return {
    minBond: 10_000n * TOKEN,
    slashAmount: 5_000n * TOKEN,
    reporterReward: 100n * TOKEN,
    seatLimit: 31,
    evidenceEpochs: 14 * dayEpochs,
    unbondingEpochs: 21 * dayEpochs,
    rotationEpochs: dayEpochs,
    ...given,
  }
}

export function evaluationOf(parameters: DeployParameters): { params: EvaluationParams; version: number } {
  return {
    params: parameters.evaluation ?? DEFAULT_PARAMS,
    version: parameters.evaluatorVersion ?? EVALUATOR_VERSION,
  }
}
