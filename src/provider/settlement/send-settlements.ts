/**
 * Settlements as transactions: those of one root together, by a multiproof. When the contract refuses some, they are
 * taken apart until the one that it refuses is alone, so that one reservation can't hold up the others.
 */
import { codeOf } from '../../core/errors.ts'
import type { Epoch } from '../../core/ids.ts'
import { unitLeafHash } from '../../core/leaves.ts'
import { MarketError, type MarketReceipt, type MarketReservation, type MarketWriter } from '../../core/ports/market.ts'
import { type Split, settlementKey } from '../../market/amounts.ts'
import type { CheckedLeaf } from '../../market/leaf-check.ts'
import { multiProofOf } from '../../market/multiproof.ts'

/** Reservations of one unit that one leaf settles, with what that does to each. */
export interface Settlement {
  leaf: CheckedLeaf
  due: readonly { reservation: MarketReservation; split: Split }[]
}

export interface SettlementHooks {
  settled(settlement: Settlement, receipt: MarketReceipt): void
  failed(settlement: Settlement, error: unknown): void
}

/**
 * @param settlements of one epoch.
 * @returns whether nothing is left that the next block could bring: a refusal stays one until something changes.
 */
export async function sendSettlements(
  writer: MarketWriter,
  settlements: readonly Settlement[],
  batchSize: number,
  hooks: SettlementHooks,
  signal: AbortSignal,
): Promise<boolean> {
  let complete = true
  for (const pack of packsOf(settlements, batchSize))
    complete = (await sendPack(writer, pack, hooks, signal)) && complete
  return complete
}

/** Packs of at most `size` reservations, in order; a unit with more of them is spread over several. */
export function packsOf(settlements: readonly Settlement[], size: number): Settlement[][] {
  const packs: Settlement[][] = []
  let room = 0
  for (const { leaf, due } of settlements) {
    for (let from = 0; from < due.length; ) {
      if (room === 0) {
        packs.push([])
        room = size
      }
      const part = due.slice(from, from + room)
      packs.at(-1)!.push({ leaf, due: part })
      from += part.length
      room -= part.length
    }
  }
  return packs
}

async function sendPack(
  writer: MarketWriter,
  pack: readonly Settlement[],
  hooks: SettlementHooks,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const receipt = await send(writer, pack, signal)
    for (const settlement of pack) hooks.settled(settlement, receipt)
    return true
  } catch (error) {
    signal.throwIfAborted()
    const refused = error instanceof MarketError && error.code === 'refused'
    const halves = refused ? halvesOf(pack) : undefined
    if (!halves) {
      for (const settlement of pack) hooks.failed(settlement, error)
      return refused
    }
    const first = await sendPack(writer, halves[0], hooks, signal)
    return (await sendPack(writer, halves[1], hooks, signal)) && first
  }
}

/** Two packs with half of the units each, or with half of one unit's reservations; `undefined` for a single one. */
function halvesOf(pack: readonly Settlement[]): [Settlement[], Settlement[]] | undefined {
  const [only] = pack
  if (pack.length > 1) {
    const half = Math.ceil(pack.length / 2)
    return [pack.slice(0, half), pack.slice(half)]
  }
  if (!only || only.due.length < 2) return undefined
  const half = Math.ceil(only.due.length / 2)
  return [[{ ...only, due: only.due.slice(0, half) }], [{ ...only, due: only.due.slice(half) }]]
}

function send(writer: MarketWriter, pack: readonly Settlement[], signal: AbortSignal): Promise<MarketReceipt> {
  const [first] = pack
  if (!first) throw new RangeError('nothing to settle')
  const epoch: Epoch = first.leaf.leaf.epoch
  const key = settlementKey(epoch, pack.flatMap(idsOf))
  if (pack.length === 1) return writer.settle(first.leaf, idsOf(first), key, signal)
  const { order, proof, flags } = multiProofOf(
    pack.map(({ leaf }) => ({ leafHash: unitLeafHash(leaf.leaf), proof: leaf.proof })),
  )
  const settlements = order.map((i) => ({ leaf: pack[i]!.leaf.leaf, ids: idsOf(pack[i]!) }))
  return writer.settleMany({ settlements, proof, flags, ringPrevEpoch: first.leaf.ringPrevEpoch }, key, signal)
}

export function idsOf({ due }: Settlement): bigint[] {
  return due.map(({ reservation }) => reservation.id)
}

/** A line for the log and the metric of what went wrong. */
export function describeFailure(error: unknown): { outcome: string; code: string; reason: string | undefined } {
  const refused = error instanceof MarketError && error.code === 'refused'
  const reason = error instanceof MarketError ? error.reason : undefined
  return { outcome: refused ? 'refused' : 'failed', code: codeOf(error), reason }
}
