/** Randomness as the pure folders reach it: the operating system's in a node, a seeded one in the simulation. */
export interface Rng {
  bytes(length: number): Uint8Array
}
