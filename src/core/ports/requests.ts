/** Request/response between two nodes, named by node key address. */
import type { Address } from '../ids.ts'

/** Bytes of the answer, or `undefined` for "I do not have it". Thrown errors reach the asker as a failed request. */
export type RequestHandler = (body: Uint8Array, from: Address, signal: AbortSignal) => Promise<Uint8Array | undefined>

export interface Requests {
  /**
   * @returns the answer's bytes, `undefined` when the peer does not have it.
   * @throws when the peer can't be reached, answers too late, too long or malformed.
   */
  request(
    peer: Address,
    protocol: string,
    body: Uint8Array,
    options: { signal?: AbortSignal; timeoutMs: number; maxResponseBytes: number },
  ): Promise<Uint8Array | undefined>
  handle(protocol: string, handler: RequestHandler, limits: { maxRequestBytes: number }): () => void
  /** Peers with an open connection, in no order that means anything. */
  peers(): Address[]
}
