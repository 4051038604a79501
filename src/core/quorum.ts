/** Fault tolerance and quorum sizes (docs/protocol.md 1.5). */

export const MIN_ORACLES = 4
/** One bitmap word would hold 256; 31 keeps a report under the gas of the transaction limits it was measured for. */
export const MAX_ORACLES = 31

/** Nodes that may be arbitrarily faulty among n: ⌊(n − 1) / 3⌋. */
export function maxFaulty(n: number): number {
  return Math.floor((n - 1) / 3)
}

/** Signatures that make a certificate; two certificates share an honest node: ⌊(n + f) / 2⌋ + 1. */
export function quorumOf(n: number): number {
  return Math.floor((n + maxFaulty(n)) / 2) + 1
}
