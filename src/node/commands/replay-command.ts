/** `lightmesh replay EPOCH|A..B`: attested epochs evaluated once more, compared with the chain, the first difference named. */
import type { JsonValue } from '../../consumer/commands/command.ts'
import { wrong } from '../../consumer/commands/values.ts'
import type { AcceptedAttestation } from '../../core/chain-facts.ts'
import { LightmeshError } from '../../core/errors.ts'
import { type Epoch, ZERO_HASH } from '../../core/ids.ts'
import { firstLeafDifference, type ReplayResult, type ReplayStep, replayRange } from '../../oracle/replay.ts'
import { OracleState } from '../../oracle/state/state.ts'
import type { GroupCommand, Outcome } from './command-group.ts'
import type { ReplaySources } from './replay-sources.ts'

export type ReplayErrorCode =
  /** The chain has no final attestation in the range. */
  | 'not-attested'
  /** Nobody that was asked keeps the evidence, or a state to begin with. */
  | 'no-evidence'

export class ReplayError extends LightmeshError<ReplayErrorCode> {
  override readonly name = 'ReplayError'
}

/** @throws {ConsumerError} `invalid-value`. */
export function parseRange(text: string | undefined): { from: Epoch; until: Epoch } {
  const [, a, b] = /^(\d{1,12})(?:\.\.(\d{1,12}))?$/.exec(text ?? '') ?? []
  const [from, until] = [Number(a), Number(b ?? a)]
  if (a === undefined || until < from) throw wrong('epochs', 'one epoch such as 12, or a range such as 12..20')
  return { from, until }
}

export const replayCommand: Omit<GroupCommand<ReplaySources>, 'name'> = {
  description: 'Evaluates attested epochs once more from their evidence and compares with the chain.',
  arguments: ['<epochs>'],
  options: [],
  async run(sources, { arguments: [text], signal, progress }): Promise<Outcome> {
    const { from, until } = parseRange(text)
    const wanted = sources.attestations(from, until)
    const first = wanted[0]
    if (!first)
      throw new ReplayError('not-attested', `the chain has no final attestation from epoch ${from} to ${until}`)
    const { state, before } = await startOf(sources, first, signal)
    if (before.length > 0) progress?.(`replaying from epoch ${before[0]!.header.epoch} on: no state in between is kept`)
    const lines: string[] = []
    const json: JsonValue[] = []
    let differs = false
    for await (const result of replayRange(state, stepsOf(sources, [...before, ...wanted], signal), sources.digests)) {
      const { epoch } = result.header
      const isDifferent = result.differences.length > 0
      if (epoch < first.header.epoch && !isDifferent) continue
      differs ||= isDifferent
      const leaf = isDifferent ? await leafDifference(sources, result, signal) : undefined
      lines.push(...linesOf(result, leaf))
      json.push({
        epoch,
        root: result.evaluation.state.root,
        units: result.evaluation.state.unitCount,
        agrees: !isDifferent,
        differences: result.differences,
        ...(leaf && { firstLeaf: leaf }),
      })
    }
    return { lines, json, exitCode: differs ? 1 : 0 }
  },
}

type Replayed = ReplayResult & { header: AcceptedAttestation['header'] }
type LeafDifference = NonNullable<ReturnType<typeof firstLeafDifference>>

function linesOf({ header, evaluation, differences }: Replayed, leaf: LeafDifference | undefined): string[] {
  const { root, unitCount } = evaluation.state
  if (differences.length === 0) return [`epoch ${header.epoch}: ${root} as attested, ${unitCount} units`]
  return [
    `epoch ${header.epoch} DIFFERS from the attested one:`,
    ...differences.map(({ field, expected, found }) => `  ${field}: attested ${expected}, evaluated ${found}`),
    ...(leaf ? [`  first leaf: unit ${leaf.unitId}, ${leaf.field}: attested ${leaf.a}, evaluated ${leaf.b}`] : []),
  ]
}

/** The nearest state at or before the first epoch's parent, and the attested epochs between the two. */
async function startOf(
  sources: ReplaySources,
  first: AcceptedAttestation,
  signal: AbortSignal,
): Promise<{ state: OracleState; before: AcceptedAttestation[] }> {
  const before: AcceptedAttestation[] = []
  for (let at = first; ; ) {
    if (at.header.parentRoot === ZERO_HASH) return { state: OracleState.empty(at.era), before }
    const state = await sources.state(at.prevEpoch!, at.header.parentRoot, signal)
    if (state) return { state, before }
    const [parent] = sources.attestations(at.prevEpoch!, at.prevEpoch!)
    if (!parent)
      throw new ReplayError('no-evidence', `no state before epoch ${first.header.epoch} is kept by anybody here`)
    before.unshift(parent)
    at = parent
  }
}

async function* stepsOf(
  sources: ReplaySources,
  attestations: readonly AcceptedAttestation[],
  signal: AbortSignal,
): AsyncGenerator<ReplayStep> {
  for (const attestation of attestations) {
    const { epoch } = attestation.header
    const bundle = await sources.bundle(attestation, signal)
    if (!bundle)
      throw new ReplayError('no-evidence', `nobody that was asked has the evidence of epoch ${epoch}; ask other peers`)
    yield { bundle, facts: await sources.factsAt(epoch, signal), era: attestation.era }
  }
}

async function leafDifference(sources: ReplaySources, { header, evaluation }: Replayed, signal: AbortSignal) {
  const attested = await sources.state(header.epoch, header.root, signal)
  return attested && firstLeafDifference(attested, evaluation.state)
}
