/** What a consumer's request can fail at before, or besides, the contract's own refusals (`MarketError`). */
import { LightmeshError } from '../core/errors.ts'

export type ConsumerErrorCode =
  | 'unknown-unit'
  /** The unit takes no reservations now. */
  | 'unit-closed'
  /** Nobody could prove how the unit is doing. */
  | 'not-proven'
  /** Less is free than was asked for. */
  | 'over-capacity'
  | 'price-too-high'
  | 'invalid-value'
  /** The same request id was used for other terms. */
  | 'request-mismatch'
  | 'unknown-reservation'
  /** The reservation belongs to another account. */
  | 'not-own'
  | 'not-active'
  /** No newer leaf can be proven: nothing to settle yet. */
  | 'nothing-to-settle'
  /** This consumer was made without transfers. */
  | 'no-transfer'
  | 'stopped'

export class ConsumerError extends LightmeshError<ConsumerErrorCode> {
  override readonly name = 'ConsumerError'
}
