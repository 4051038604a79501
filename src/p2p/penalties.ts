/**
 * Misbehaviour that gossipsub can't see, as points that halve every minute: part of a peer's score, so that a peer that
 * floods requests loses its gossip too. Bounded: the peer blamed longest ago is forgotten first.
 */
export interface Penalties {
  add(peer: string, points: number): void
  /** 0 or negative. */
  score(peer: string): number
}

/** A frame that no honest implementation sends: eight of them within a minute end at the graylist. */
export const MALFORMED_POINTS = 12
/** A request beyond the quota; honest bursts pass the quota now and then, so one costs little. */
export const OVER_QUOTA_POINTS = 0.5
/** A gossip message beyond the sender's rate. */
export const FLOOD_POINTS = 0.5

const HALF_LIFE_MS = 60_000

export function createPenalties(capacity: number, now: () => number): Penalties {
  const ledger = new Map<string, { points: number; at: number }>()
  const current = (peer: string) => {
    const entry = ledger.get(peer)
    return entry === undefined ? 0 : entry.points * 0.5 ** (Math.max(0, now() - entry.at) / HALF_LIFE_MS)
  }
  return {
    add(peer, points) {
      const total = current(peer) + points
      ledger.delete(peer)
      ledger.set(peer, { points: total, at: now() })
      if (ledger.size > capacity) ledger.delete(ledger.keys().next().value!)
    },
    score: (peer) => -current(peer),
  }
}
