/** The one `createLibp2p` call: transports, limits, identify, ping, DHT and gossipsub. */
import { mkdir } from 'node:fs/promises'
import { identify, identifyPush } from '@libp2p/identify'
import { kadDHT, passthroughMapper, removePrivateAddressesMapper } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { isPrivate } from '@libp2p/utils'
import { yamux } from '@libp2p/yamux'
import { LevelDatastore } from 'datastore-level'
import { createLibp2p } from 'libp2p'
import { networkId } from '../core/network.ts'
import type { Gater } from './gater.ts'
import type { NodeIdentity } from './identity.ts'
import type { MeshLimits } from './limits.ts'
import { pubsubService } from './pubsub.ts'
import { natServices, transportsOf } from './transports.ts'
import type { MeshOptions } from './types.ts'

export interface HostParts {
  identity: NodeIdentity
  gater: Gater
  limits: MeshLimits
  penalty(peer: string): number
}

/** A week: an address learnt once is worth a dial until it is replaced by a newer signed record. */
const PEER_AGE_MS = 7 * 24 * 3_600_000

/** Not started. `close` releases the peer store after the host stopped. */
export async function createHost(options: MeshOptions, { identity, gater, limits, penalty }: HostParts) {
  const store = options.peerStoreFolder === undefined ? undefined : await openPeerStore(options.peerStoreFolder)
  const network = networkId(options.domain)
  const prefix = `lightmesh/${network}`
  const node = await createLibp2p({
    start: false,
    privateKey: identity.privateKey,
    nodeInfo: { name: 'lightmesh', version: '1', userAgent: 'lightmesh/1' },
    ...(store && { datastore: store }),
    addresses: {
      listen: [...options.listen],
      announce: [...(options.announce ?? [])],
      announceFilter: (addresses) =>
        options.allowPrivateAddresses ? addresses : addresses.filter((address) => !isPrivate(address)),
    },
    transports: await transportsOf(options, limits),
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({
        maxInboundStreams: limits.maxStreamsPerConnection,
        maxOutboundStreams: limits.maxStreamsPerConnection,
        streamOptions: { maxReadBufferLength: limits.streamReadBufferBytes },
      }),
    ],
    connectionGater: gater,
    connectionManager: {
      maxConnections: limits.maxConnections,
      maxParallelDials: limits.maxParallelDials,
      maxDialQueueLength: 4 * limits.maxConnections,
      maxPeerAddrsToDial: 8,
      dialTimeout: limits.dialTimeoutMs,
      // Counted per host: a whole private network may be one.
      inboundConnectionThreshold: limits.inboundConnectionsPerSecond * (options.allowPrivateAddresses ? 50 : 1),
      maxIncomingPendingConnections: limits.maxPendingInbound,
    },
    // A missed ping ends the connection: not after seconds, which a node in the middle of an evaluation may need.
    connectionMonitor: { protocolPrefix: prefix, pingInterval: 30_000, pingTimeout: { minTimeout: 10_000 } },
    peerStore: { maxAddressAge: PEER_AGE_MS, maxPeerAge: PEER_AGE_MS },
    services: {
      // A peer that was not identified in time would stay without gossip; a busy machine needs seconds.
      identify: identify({ protocolPrefix: prefix, maxMessageSize: 8_192, timeout: 2 * limits.dialTimeoutMs }),
      // Without it peers would go on with the addresses that a node had when they met.
      identifyPush: identifyPush({ protocolPrefix: prefix, maxMessageSize: 8_192 }),
      ping: ping({ protocolPrefix: prefix }),
      dht: kadDHT({
        protocol: `/lightmesh/${network}/kad/1`,
        peerInfoMapper: options.allowPrivateAddresses ? passthroughMapper : removePrivateAddressesMapper,
        // Server at once where private addresses count as reachable; else as soon as a public address is confirmed.
        ...(options.allowPrivateAddresses && { clientMode: false }),
      }),
      ...natServices(options, limits, prefix),
      pubsub: pubsubService({ topics: options.topics, sharedIp: options.allowPrivateAddresses, limits, penalty }),
    },
  })
  return { node, close: async () => store?.close() }
}

async function openPeerStore(folder: string): Promise<LevelDatastore> {
  await mkdir(folder, { recursive: true })
  const store = new LevelDatastore(folder)
  await store.open()
  return store
}
