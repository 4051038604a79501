/**
 * Starting a held reservation: the contract wants the unit's leaf under the last accepted root, no older than three
 * epochs. While the newest leaf can't be had, or a newer root overtakes it on its way, the next one is tried.
 */
import { LightmeshError } from '../core/errors.ts'
import {
  type LeafSource,
  MarketError,
  type MarketReader,
  type MarketReceipt,
  type MarketReservation,
  type MarketReservationStatus,
  type MarketWriter,
} from '../core/ports/market.ts'
import type { UnitState } from '../core/units.ts'
import { followChanges } from './changes.ts'
import { type CheckedLeaf, type LeafFlaw, provenLeaf } from './leaf-check.ts'

export type ActivationErrorCode =
  | 'unknown-reservation'
  /** It ended, or was cancelled, before it ran. */
  | 'not-held'
  /** The unit's attested state takes no reservations. */
  | 'not-admitted'

export class ActivationError extends LightmeshError<ActivationErrorCode> {
  override readonly name = 'ActivationError'
}

export interface ActivationModules {
  market: MarketReader
  writer: MarketWriter
  leaves: LeafSource
  onFlaw?: (flaw: LeafFlaw) => void
}

const TAKES_RESERVATIONS: ReadonlySet<UnitState> = new Set(['Vetting', 'Active', 'Warned'])
/** Whether a unit in this attested state takes new reservations (docs/protocol.md 2.4). */
export function takesReservations(state: UnitState): boolean {
  return TAKES_RESERVATIONS.has(state)
}

/** The contract's errors after which the next root, or the next look, may succeed. */
const AGAIN: ReadonlySet<string> = new Set(['StaleBaseline', 'UnknownRoot', 'WrongStatus'])
const OVER: ReadonlySet<MarketReservationStatus> = new Set(['Released', 'Expired', 'Cancelled', 'Rejected'])

/**
 * Resolves once the reservation is Active, whoever activated it. Waits for attestations as long as it takes.
 * @returns this call's own transaction, `undefined` when somebody else's came first.
 * @throws {ActivationError} when it can't become active; {MarketError} for what the contract refuses otherwise.
 */
export async function activateReservation(
  modules: ActivationModules,
  id: bigint,
  signal: AbortSignal,
): Promise<MarketReceipt | undefined> {
  using feed = followChanges(modules.market)
  let receipt: MarketReceipt | undefined
  let triedEpoch = -1
  for (;;) {
    const seen = feed.seen
    const reservation = modules.market.reservation(id)
    if (reservation?.status === 'Active') return receipt
    requireHeld(reservation, id)
    const head = modules.market.latestAttestation()
    if (!receipt && reservation && head && head.header.epoch > triedEpoch) {
      const leaf = await provenLeaf(modules, reservation.unitId, head.header.epoch, signal)
      if (leaf && admits(leaf)) {
        const result = await tryActivate(modules.writer, id, leaf, signal)
        if (result !== 'chain-away') triedEpoch = head.header.epoch
        if (typeof result === 'object') receipt = result
        if (receipt) continue
      }
    }
    await feed.after(seen, signal)
  }
}

function requireHeld(reservation: MarketReservation | undefined, id: bigint): void {
  if (!reservation) throw new ActivationError('unknown-reservation', `no reservation ${id} on chain`)
  if (OVER.has(reservation.status))
    throw new ActivationError('not-held', `reservation ${id} is ${reservation.status} and can't be activated`)
}

/** Pending waits for the oracles' first look; the others will not change soon, and the deposit can be had back. */
function admits({ leaf }: CheckedLeaf): boolean {
  if (takesReservations(leaf.state)) return true
  if (leaf.state === 'Pending') return false
  throw new ActivationError('not-admitted', `unit ${leaf.unitId} is attested as ${leaf.state}: cancel the reservation`)
}

async function tryActivate(
  writer: MarketWriter,
  id: bigint,
  leaf: CheckedLeaf,
  signal: AbortSignal,
): Promise<MarketReceipt | 'next-root' | 'chain-away'> {
  try {
    return await writer.activate(id, leaf, `activate:${id}:${leaf.leaf.epoch}`, signal)
  } catch (error) {
    if (error instanceof MarketError && error.code === 'unavailable') return 'chain-away'
    if (error instanceof MarketError && error.code === 'refused' && AGAIN.has(error.reason ?? '')) return 'next-root'
    throw error
  }
}
