/** Every number that bounds what other nodes can make this one spend. Each says where it comes from. */

export interface MeshLimits {
  /**
   * Connections opened towards newly found peers until there are this many. 40 connects every node of a 31-seat oracle
   * set with every other one, which keeps a request one hop away.
   */
  targetConnections: number
  /** Beyond it the least valuable connections are closed. At ~100 KiB each with noise and yamux: 20 MiB. */
  maxConnections: number
  /** From one IP address; not applied with `allowPrivateAddresses`, where a whole network shares one. */
  maxConnectionsPerIp: number
  /** New inbound connections a second from one host; fifty times as many with `allowPrivateAddresses`. */
  inboundConnectionsPerSecond: number
  /** Inbound handshakes at once: each costs two signatures of 4 ms in pure JavaScript. */
  maxPendingInbound: number
  maxParallelDials: number
  dialTimeoutMs: number
  /** After that long a connection without a gossip stream is a failed one: a handshake and identify may take 10 s each. */
  silentConnectionMs: number
  /** Streams that one connection may have open towards us; ours need about ten. */
  maxStreamsPerConnection: number
  /** Bytes of one stream waiting to be read. */
  streamReadBufferBytes: number
  /** Longest gossip payload of a topic that names no limit of its own. */
  maxMessageBytes: number
  /** Longest gossip RPC: a few messages with their control part. Longer ones are dropped. */
  maxRpcBytes: number
  /** Bytes waiting to be written to one peer's gossip stream; a slower reader loses the stream. */
  maxGossipOutboundBytes: number
  /** Messages of a topic waiting for validation. */
  topicQueueLength: number
  /** Handlers of a topic running at once. */
  topicConcurrency: number
  /**
   * A verdict later than this is not forwarded any more: gossipsub keeps a message for 5 heartbeats of 1 s; one is left
   * as a margin.
   */
  validationTimeoutMs: number
  /** Requests being answered at once, from all peers. */
  maxInboundRequests: number
  /** Requests being answered at once, from one peer. */
  maxInboundRequestsPeer: number
  /** Requests of one peer a second, on average, and in one burst: a whole catalogue is a summary and 256 buckets. */
  requestsPerSecondPeer: number
  requestBurstPeer: number
  /** For reading the whole request, and again for handling and writing the answer. */
  inboundRequestTimeoutMs: number
  /** Peers that may be reached through this node when it relays, and what one relayed connection may carry. */
  maxRelayReservations: number
  relayBytes: number
  relayDurationMs: number
  /** Peers remembered by address. */
  maxKnownPeers: number
  /** Peer records in one answer of the peer exchange. */
  maxExchangedPeers: number
  /** Peers are asked for more peers this often while there are fewer than the target. */
  discoveryIntervalMs: number
}

export const DEFAULT_LIMITS: MeshLimits = {
  targetConnections: 40,
  maxConnections: 200,
  maxConnectionsPerIp: 16,
  inboundConnectionsPerSecond: 20,
  maxPendingInbound: 64,
  maxParallelDials: 16,
  dialTimeoutMs: 5_000,
  silentConnectionMs: 20_000,
  maxStreamsPerConnection: 128,
  streamReadBufferBytes: 1 << 20,
  maxMessageBytes: 1 << 16,
  maxRpcBytes: 1 << 20,
  maxGossipOutboundBytes: 4 << 20,
  topicQueueLength: 1_024,
  topicConcurrency: 16,
  validationTimeoutMs: 4_000,
  maxInboundRequests: 128,
  maxInboundRequestsPeer: 16,
  requestsPerSecondPeer: 50,
  requestBurstPeer: 512,
  inboundRequestTimeoutMs: 10_000,
  maxRelayReservations: 32,
  relayBytes: 16 << 20,
  relayDurationMs: 10 * 60_000,
  maxKnownPeers: 10_000,
  maxExchangedPeers: 64,
  discoveryIntervalMs: 500,
}
