/** All strategies by name. */
import type { StrategyName } from '../options.ts'
import type { Strategy } from './behave.ts'
import { spammer } from './noise.ts'
import { censor, falseBitmap, silent, twoFacedProposer, wrongParent } from './proposing.ts'
import { colluder, copier, equivocator, grinder, inventor, lateCommitter, selective, withholder } from './reporting.ts'

export const STRATEGIES: Record<StrategyName, Strategy> = {
  silent,
  inventor,
  colluder,
  equivocator,
  copier,
  selective,
  'late-committer': lateCommitter,
  withholder,
  censor,
  'two-faced-proposer': twoFacedProposer,
  'wrong-parent': wrongParent,
  grinder,
  'false-bitmap': falseBitmap,
  spammer,
}
