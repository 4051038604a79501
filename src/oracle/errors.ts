/** What the engine refuses or fails at. */
import { LightmeshError } from '../core/errors.ts'

export type OracleErrorCode = 'stopped' | 'bad-state' | 'bad-bundle' | 'not-ready' | 'journal-damaged' | 'wrong-facts'

export class OracleError extends LightmeshError<OracleErrorCode> {
  override readonly name = 'OracleError'
}
