/** What a composition root gives to and gets from the mesh. Plain data: nothing here knows libp2p. */
import type { Domain } from '../core/eip712.ts'
import type { Address } from '../core/ids.ts'
import type { Gossip } from '../core/ports/gossip.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { Metrics } from '../core/ports/metrics.ts'
import type { Requests } from '../core/ports/requests.ts'
import type { MeshLimits } from './limits.ts'
import type { ProviderRecords } from './providers.ts'

/** One gossip topic. The list given to the mesh is complete: what is not in it can be neither published nor subscribed. */
export interface MeshTopic {
  /** In full, as `networkName` makes it. */
  name: string
  /** A longer message is rejected unread. @default limits.maxMessageBytes */
  maxMessageBytes?: number
  /** Messages waiting for their handler; the oldest are dropped beyond it. @default limits.topicQueueLength */
  queueLength?: number
  /** Honest messages a second over the whole network, at most; scores are derived from it. @default 1 */
  messagesPerSecond?: number
}

export type MeshTransport = 'tcp' | 'ws' | 'quic'

export interface MeshOptions {
  /** Names the network: protocols and topics carry its chain id and contract. */
  domain: Domain
  /** 32 bytes, secp256k1: the node key. Copied; stays inside the adapter. */
  privateKey: Uint8Array
  /**
   * Multiaddrs, e.g. `/ip4/127.0.0.1/tcp/0`; behind a NAT also `<relay's address>/p2p/<relay>/p2p-circuit`, or
   * `/p2p-circuit` for any relay that is found.
   */
  listen: readonly string[]
  /** Multiaddrs to announce instead of the ones listened on (behind port forwarding). */
  announce?: readonly string[]
  /** Multiaddrs ending in `/p2p/<peer id>`. One that answers is enough. */
  bootstrap: readonly string[]
  topics: readonly MeshTopic[]
  /** `ws` is listened on and dialled by addresses ending in `/ws`, `quic` by `/udp/<port>/quic-v1`. @default ['tcp', 'ws'] */
  transports?: readonly MeshTransport[]
  /** Lets peers that can't be dialled be reached through this node, within the limits. @default false */
  relay?: boolean
  /** Loopback and private networks are dialled, announced and kept in the DHT; a shared IP costs no score. */
  allowPrivateAddresses: boolean
  /** LevelDB folder of the peer store; in memory without it. */
  peerStoreFolder?: string
  limits?: Partial<MeshLimits>
}

export interface MeshModules {
  logger: Logger
  metrics: Metrics
}

export interface MeshPeer {
  address: Address
  peerId: string
  /** Where it was reached. */
  multiaddr: string
  direction: 'inbound' | 'outbound'
  /** Gossip score; below `graylistThreshold` nothing of it is read. */
  score: number
}

export interface Mesh {
  readonly gossip: Gossip
  readonly requests: Requests
  /** Who serves what, in the DHT. */
  readonly providers: ProviderRecords
  readonly peerId: string
  /** EVM address of the same key. */
  readonly address: Address
  /** Addresses this node can be dialled at, each ending in `/p2p/<peer id>`; empty before `start`. */
  multiaddrs(): string[]
  /** Listens, dials the bootstrap addresses and begins to look for peers. */
  start(): Promise<void>
  /** Closes every connection, timer and file; a second call does nothing. */
  stop(): Promise<void>
  peers(): MeshPeer[]
  /** Nodes to stay connected with (the oracle set): looked up, dialled again after a loss, never pruned. Replaces the list before. */
  keep(addresses: readonly Address[]): void
  /** Closes the peer's connections and refuses new ones for `durationMs`. */
  ban(peer: Address, durationMs: number): Promise<void>
  /** Called after each connection made or lost. A listener must not throw or take long. */
  watchPeers(listener: () => void): () => void
  /** Called when `multiaddrs()` may have changed: a relay granted a place, an address was confirmed. As `watchPeers`. */
  watchAddresses(listener: () => void): () => void
  /** Resolves once `count` peers are connected. */
  waitForPeers(count: number, signal: AbortSignal): Promise<void>
  /** Resolves once `count` peers are known to listen on the topic and can be sent to. */
  waitForSubscribers(topic: string, count: number, signal: AbortSignal): Promise<void>
}
