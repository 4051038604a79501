/** A peer that speaks libp2p but keeps no rule: raw streams, hand-made gossipsub frames. */
import { randomBytes } from 'node:crypto'
import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Connection, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'
import type { Address } from '../../../src/core/ids.ts'
import { networkId } from '../../../src/core/network.ts'
import { encodeLength } from '../../../src/p2p/frames.ts'
import { addressOfPeer } from '../../../src/p2p/identity.ts'
import type { Mesh } from '../../../src/p2p/types.ts'
import { DOMAIN } from './mesh-network.ts'

export interface Attacker {
  host: Libp2p
  address: Address
  connect(victim: Mesh): Promise<Connection>
  stop(): Promise<void>
}

const GOSSIP_PROTOCOL = '/meshsub/1.2.0'

export async function startAttacker({ gossips = true } = {}): Promise<Attacker> {
  const privateKey = privateKeyFromRaw(randomBytes(32))
  const host = await createLibp2p({
    privateKey,
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ maxOutboundStreams: 10_000 })],
    connectionMonitor: { enabled: false },
    services: { identify: identify({ protocolPrefix: `lightmesh/${networkId(DOMAIN)}` }) },
  })
  // Says that it speaks gossipsub, and reads nothing of what it is sent.
  if (gossips) await host.handle(GOSSIP_PROTOCOL, () => {})
  return {
    host,
    address: addressOfPeer(host.peerId)!,
    connect: (victim) => host.dial(multiaddr(victim.multiaddrs()[0]!)),
    async stop() {
      await host.stop()
    },
  }
}

/** Opens a gossipsub stream towards the victim; each call of the result sends one RPC of these protobuf bytes. */
export async function gossipTo(connection: Connection): Promise<(rpc: Uint8Array) => Promise<void>> {
  const stream = await connection.newStream(GOSSIP_PROTOCOL)
  return (rpc) => push(stream, Buffer.concat([encodeLength(rpc.length), rpc]))
}

/** Waits for room, so that the attacker's own buffer is not what is measured. */
export async function push(stream: Stream, bytes: Uint8Array): Promise<void> {
  if (!stream.send(bytes)) await stream.onDrain({ signal: AbortSignal.timeout(10_000) })
}

/** A length-delimited protobuf field. */
function field(tag: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([encodeLength((tag << 3) | 2), encodeLength(bytes.length), bytes])
}

/** RPC with one published message. */
export function publishRpc(topic: string, data: Uint8Array): Uint8Array {
  return field(2, Buffer.concat([field(2, data), field(4, Buffer.from(topic))]))
}

/** RPC with a subscription (or its end) to each of the topics. */
export function subscriptionRpc(topics: readonly string[], subscribe = true): Uint8Array {
  const option = Uint8Array.of(0x08, subscribe ? 1 : 0)
  return Buffer.concat(topics.map((topic) => field(1, Buffer.concat([option, field(2, Buffer.from(topic))]))))
}
