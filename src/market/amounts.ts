/** The contract's arithmetic of reservations, to show beforehand what it will do. Integers only, every division floors. */
import type { Epoch } from '../core/ids.ts'
import { keccak256Hex } from '../core/keccak.ts'

const GIB = 1n << 30n
/** Paid basis points of one fully paid epoch. */
const FULL_BPS = 10_000n

/** Price of an epoch: `ceil(price · bytes / GiB)`. */
export function ratePerEpoch(pricePerGibEpoch: bigint, capacityBytes: bigint): bigint {
  return (pricePerGibEpoch * capacityBytes + GIB - 1n) / GIB
}

/** A running reservation, as far as settling it goes. */
export interface Settleable {
  ratePerEpoch: bigint
  lastEpoch: Epoch
  endEpoch: Epoch
  /** The unit's `paidBpsSum` at `lastEpoch`. */
  paidBpsSum: bigint
}

export interface Split {
  /** To the provider, protocol fee included. */
  paid: bigint
  refund: bigint
  /** Epochs that this settles. */
  epochs: number
  /** The reservation ends with it. */
  closes: boolean
}

/**
 * What `settle` with a leaf does: the part of the interval that was paid for, pro rata of what the unit earned over the
 * whole interval that the leaf covers. Nothing for a leaf that is not newer.
 */
export function splitOf(reservation: Settleable, leaf: { epoch: Epoch; paidBpsSum: bigint }): Split {
  const { lastEpoch, endEpoch } = reservation
  if (leaf.epoch <= lastEpoch) return { paid: 0n, refund: 0n, epochs: 0, closes: false }
  const epochs = Math.min(leaf.epoch, endEpoch) - lastEpoch
  const due = reservation.ratePerEpoch * BigInt(epochs)
  const span = BigInt(leaf.epoch - lastEpoch) * FULL_BPS
  const gained = leaf.paidBpsSum - reservation.paidBpsSum
  const earned = gained < 0n ? 0n : gained > span ? span : gained
  const paid = (due * earned) / span
  return { paid, refund: due - paid, epochs, closes: leaf.epoch >= endEpoch }
}

/** Names the settlement of these reservations by the leaves of that epoch, so that it is sent once. */
export function settlementKey(epoch: Epoch, ids: readonly bigint[]): string {
  return `settle:${epoch}:${keccak256Hex(new TextEncoder().encode(ids.join())).slice(2, 34)}`
}
