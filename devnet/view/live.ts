/** Feeds the live view: the launcher's facts once a second, its log lines as events. */
import { type EpochClock, epochAt, epochStartMs, PHASE_MILLI } from '../../src/core/epoch-clock.ts'
import type { UnitLeaf } from '../../src/core/leaves.ts'
import type { UnitKind } from '../../src/core/units.ts'
import type { DevnetResult } from '../result.ts'
import { drawFrame } from './frame.ts'
import type { ViewEvent, ViewModel, ViewNode, ViewUnit } from './model.ts'
import { openScreen } from './screen.ts'

/** What the view asks the launcher for. */
export interface LiveSource {
  readonly title: string
  /** `undefined` until the chain is up. */
  clock(): EpochClock | undefined
  nodes(): ViewNode[]
  /** `undefined` until there is something to tell. */
  result(): Promise<DevnetResult | undefined>
  leaves(): ReadonlyMap<string, UnitLeaf>
}

export interface LiveView {
  event(text: string): void
  close(): void
}

const REDRAW_MS = 250
const REFRESH_MS = 1_000
const MAX_EVENTS = 200
/** Epochs in a unit's row of bars. */
const HISTORY = 12

/** Of each unit: paid basis points by epoch, from the difference of cumulative sums. */
class PaidHistory {
  readonly #sums = new Map<string, Map<number, bigint>>()

  note(leaves: ReadonlyMap<string, UnitLeaf>): void {
    for (const [id, { epoch, paidBpsSum }] of leaves) {
      const sums = this.#sums.get(id) ?? new Map<number, bigint>()
      this.#sums.set(id, sums.set(epoch, paidBpsSum))
      for (const old of sums.keys()) if (old < epoch - HISTORY) sums.delete(old)
    }
  }

  of(id: string): (number | undefined)[] {
    const sums = [...(this.#sums.get(id) ?? new Map<number, bigint>())].sort(([a], [b]) => a - b)
    return sums.slice(1).flatMap(([epoch, sum], i) => {
      const [before, sumBefore] = sums[i]!
      const gap = epoch - before
      const skipped = Array.from({ length: gap - 1 }, () => undefined)
      return [...skipped, Math.round(Number(sum - sumBefore) / gap)]
    })
  }
}

function phaseAt(clock: EpochClock, nowMs: number): ViewModel['epoch'] {
  const number = epochAt(clock, nowMs)
  if (number < 0) return undefined
  const lengthMs = clock.epochSeconds * 1_000
  const milli = Math.floor(((nowMs - epochStartMs(clock, number)) * 1_000) / lengthMs)
  const phase =
    milli < PHASE_MILLI.probeEnd
      ? 'probe'
      : milli < PHASE_MILLI.commitCountedUntil
        ? 'commit'
        : milli < PHASE_MILLI.propose
          ? 'reveal'
          : 'propose'
  return { number, phase, milli, leftMs: epochStartMs(clock, number + 1) - nowMs }
}

function unitsOf(result: DevnetResult, leaves: ReadonlyMap<string, UnitLeaf>, paid: PaidHistory): ViewUnit[] {
  return result.units.map(({ id, kind, state, scoreBps, availabilityPpm, met, missed }) => ({
    ...{ kind, state, scoreBps, availabilityPpm, metEpochs: met, missedEpochs: missed },
    paidBps: paid.of(id),
    ttfbP95Ms: leaves.get(id)?.ttfbP95Ms ?? 0,
  }))
}

function modelOf(
  source: LiveSource,
  result: DevnetResult | undefined,
  { paid, events }: { paid: PaidHistory; events: readonly ViewEvent[] },
): ViewModel {
  const clock = source.clock()
  const epoch = clock && phaseAt(clock, Date.now())
  const kinds = new Map(result?.units.map(({ id, kind }) => [id, kind]))
  const seats = result?.nodes.map(({ address }) => address) ?? []
  const attestations = result?.attestations ?? []
  return {
    elapsedMs: performance.now(),
    title: source.title,
    epoch,
    quorum: result?.quorum ?? 0,
    attested: attestations.length,
    skipped: Math.max(0, (attestations.at(-1)?.epoch ?? -1) + 1 - attestations.length),
    nodes: source.nodes(),
    units: result ? unitsOf(result, source.leaves(), paid) : [],
    attestations: attestations.toReversed().map(({ epoch: number, signers, gasUsed, msAfterProposal }) => ({
      ...{ epoch: number, gasUsed, msAfterProposal },
      signed: seats.map((address) => signers.includes(address)),
    })),
    reservations: (result?.reservations ?? []).map(({ id, unit, deposited, paid: paidOut, refunded }) => ({
      id,
      kind: kinds.get(unit) ?? ('s3' as UnitKind),
      deposited: BigInt(deposited),
      paid: BigInt(paidOut),
      refunded: BigInt(refunded),
    })),
    events,
  }
}

/** Takes the terminal until `close`. @param onQuit `q` or Ctrl-C was pressed. */
export function openLiveView(source: LiveSource, onQuit: () => void): LiveView {
  const events: ViewEvent[] = []
  const paid = new PaidHistory()
  let result: DevnetResult | undefined
  let asking = false
  const draw = () => screen.draw(drawFrame(modelOf(source, result, { paid, events }), screen.size()))
  const refresh = async () => {
    if (asking) return
    asking = true
    try {
      result = await source.result()
      paid.note(source.leaves())
    } catch {
      // The chain or a node is gone or late; what was known stays on the screen.
    } finally {
      asking = false
    }
  }
  const screen = openScreen(process.stdin, process.stdout, { onQuit, onResize: () => draw() })
  const drawing = setInterval(draw, REDRAW_MS)
  const refreshing = setInterval(() => void refresh(), REFRESH_MS)
  draw()
  return {
    event(text) {
      events.push({ atMs: performance.now(), text })
      if (events.length > MAX_EVENTS) events.shift()
    },
    close() {
      clearInterval(drawing)
      clearInterval(refreshing)
      screen.close()
    },
  }
}
