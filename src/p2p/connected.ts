/** Who is connected, without libp2p's `getPeers`: that parses each id again, 0.7 ms of curve arithmetic a peer and call. */
import type { PeerId } from '@libp2p/interface'
import type { Libp2p } from 'libp2p'

/** Each peer once, with its id as text. */
export function connectedPeers(node: Pick<Libp2p, 'getConnections'>): Map<string, PeerId> {
  const peers = new Map<string, PeerId>()
  for (const { remotePeer, status } of node.getConnections()) {
    if (status === 'open') peers.set(remotePeer.toString(), remotePeer)
  }
  return peers
}
