/** Broadcast as the protocol sees it: topics, bytes, and a verdict on each message. */
import type { Address } from '../ids.ts'

/** accept: forward; ignore: drop without blame; reject: drop and lower the forwarder's score. */
export type Verdict = { readonly result: 'accept' } | { readonly result: 'ignore' | 'reject'; readonly code: string }

export interface GossipMessage {
  readonly data: Uint8Array
  /** Who handed it over, not who wrote it: the author's signature is inside the payload. */
  readonly from: Address
}

/** Never throws; an error inside a handler is the adapter's to turn into `ignore`. */
export type GossipHandler = (message: GossipMessage) => Verdict | Promise<Verdict>

export interface Gossip {
  /** Resolves once handed to the mesh; the sender's own handlers do not see it. Reaching no peer is not an error. */
  publish(topic: string, data: Uint8Array): Promise<void>
  /** One handler per topic. */
  subscribe(topic: string, handler: GossipHandler): () => void
}
