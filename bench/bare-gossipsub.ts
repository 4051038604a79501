/** The yardstick of the mesh benchmark: gossipsub as its package configures it, on the same transport, with nothing above. */
import { type GossipSub, gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p, type Libp2p } from 'libp2p'

export interface BareNode {
  host: Libp2p<{ pubsub: GossipSub; identify: unknown }>
}

async function bareNode(): Promise<BareNode> {
  const host = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: { inboundConnectionThreshold: 1_000, maxIncomingPendingConnections: 100 },
    services: {
      identify: identify(),
      pubsub: gossipsub({
        globalSignaturePolicy: 'StrictNoSign',
        // Its default id needs a signed message's sequence number.
        msgIdFn: ({ data }) => data.subarray(0, 20),
        allowPublishToZeroTopicPeers: true,
        // On one host its default penalty for shared addresses cuts everyone off.
        scoreParams: { IPColocationFactorWeight: 0 },
      }),
    },
  })
  return { host }
}

/** `count` nodes, each connected with each, all listening on `topic`. */
export async function startBare(count: number, topic: string, signal: AbortSignal): Promise<BareNode[]> {
  const nodes = await Promise.all(Array.from({ length: count }, bareNode))
  for (const { host } of nodes) host.services.pubsub.subscribe(topic)
  for (const [i, { host }] of nodes.entries())
    for (const other of nodes.slice(i + 1)) await connect(host, other.host, signal)
  await Promise.all(nodes.map(({ host }) => listeners(host.services.pubsub, topic, count - 1, signal)))
  return nodes
}

/** A busy machine lets a handshake run into its time-out now and then; the yardstick needs every connection. */
async function connect(from: Libp2p, to: Libp2p, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await from.dial(to.getMultiaddrs())
      return
    } catch {
      signal.throwIfAborted()
    }
  }
}

function listeners(pubsub: GossipSub, topic: string, count: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const check = () => {
      if (pubsub.getSubscribers(topic).length < count) return
      pubsub.removeEventListener('subscription-change', check)
      resolve()
    }
    pubsub.addEventListener('subscription-change', check)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    check()
  })
}
