/** How much of a unit may be reserved: age and bond limit what can be lost with it, they don't make it look better. */
import { FULL_BPS } from './constants.ts'

/** What a perfect record proves: its lower bound is 96.4 % after a day, 99.78 % after 21, 99.90 % after 90. */
const STEPS = [
  { days: 90, bps: FULL_BPS },
  { days: 21, bps: 5_000 },
  { days: 0, bps: 1_000 },
] as const

/** Share of the capacity that may be reserved at an age in full days, in basis points. */
export function exposureBps(ageDays: number): number {
  return STEPS.find((step) => ageDays >= step.days)!.bps
}

export interface ExposureInput {
  capacityBytes: bigint
  /** Full days since the unit's first evaluated epoch. */
  ageDays: number
  /** The provider's bond that is not bound by other units. */
  bond: bigint
  /** Bond that a GiB of reservations needs; 0: bond does not limit. */
  bondPerGib: bigint
}

/** The smaller of what age and what bond allow, in bytes. */
export function exposureLimitBytes({ capacityBytes, ageDays, bond, bondPerGib }: ExposureInput): bigint {
  const byAge = (capacityBytes * BigInt(exposureBps(ageDays))) / BigInt(FULL_BPS)
  if (bondPerGib === 0n) return byAge
  const byBond = (bond << 30n) / bondPerGib
  return byBond < byAge ? byBond : byAge
}
