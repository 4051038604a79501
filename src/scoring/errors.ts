/** What the scoring core refuses: inputs that no honest caller can have, never what a reporter wrote. */
import { LightmeshError } from '../core/errors.ts'

export type ScoringErrorCode =
  | 'units-unsorted'
  | 'epoch-not-after-parent'
  | 'duplicate-reporter'
  | 'too-many-reporters'
  | 'bad-params'
  | 'bad-record'

export class ScoringError extends LightmeshError<ScoringErrorCode> {
  override readonly name = 'ScoringError'
}
