/** A provider's score: the volume-weighted 25th percentile of its units, so that one show-piece does not hide the rest. */

export interface ScoredUnit {
  scoreBps: number
  /** Reserved bytes, or capacity where nothing is reserved yet. */
  volumeBytes: bigint
}

/** The smallest score at or below which a quarter of the volume lies; undefined without volume. */
export function providerScoreBps(units: readonly ScoredUnit[]): number | undefined {
  const sorted = [...units].sort((a, b) => a.scoreBps - b.scoreBps)
  let total = 0n
  for (const unit of sorted) total += unit.volumeBytes
  if (total <= 0n) return undefined
  let below = 0n
  for (const unit of sorted) {
    below += unit.volumeBytes
    if (4n * below >= total) return unit.scoreBps
  }
  return undefined
}
