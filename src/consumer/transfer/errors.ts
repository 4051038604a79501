/** Why a transfer failed for good. */
import { LightmeshError } from '../../core/errors.ts'

export type TransferErrorCode =
  /** The reservation has no such object. */
  | 'object-missing'
  /** The backend sends something else than was stored. */
  | 'integrity'
  /** The backend answers with an error that another attempt would not change. */
  | 'refused'
  /** All attempts failed; the cause is the last one's. */
  | 'exhausted'
  /** The source gave another number of bytes, or other bytes on a second reading. */
  | 'source-changed'
  /** The provider shows an index that is older than the one it countersigned, or contradicts it. */
  | 'index-rolled-back'
  | 'invalid-key'

export class TransferError extends LightmeshError<TransferErrorCode> {
  override readonly name = 'TransferError'
}
