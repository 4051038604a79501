/** The chain's errors in the market port's words; the cause is kept. */
import { MarketError, type MarketErrorCode } from '../../core/ports/market.ts'
import { ChainError, type ChainErrorCode } from '../errors.ts'

const CODES: Partial<Record<ChainErrorCode, MarketErrorCode>> = {
  reverted: 'refused',
  'insufficient-funds': 'insufficient-funds',
  stopped: 'stopped',
}

/** @throws {MarketError} for an error of the chain; anything else (an aborted signal's reason) as it is. */
export function asMarketError(error: unknown): never {
  if (!(error instanceof ChainError)) throw error
  const revert = error.revert && { reason: error.revert.name, args: error.revert.args }
  throw new MarketError(CODES[error.code] ?? 'unavailable', error.message, { cause: error, ...revert })
}
