/**
 * Address ↔ PeerId. An address is a hash, so the peer id behind it can't be computed: it is remembered from every
 * connection, identify, discovery and exchange. Bounded: the peer not seen for longest is forgotten first.
 */
import type { PeerId } from '@libp2p/interface'
import type { Address } from '../core/ids.ts'
import { addressOfPeer } from './identity.ts'

export interface PeerBook {
  /** Remembers the peer. @returns its address, `undefined` when its key is not secp256k1. */
  learn(peer: PeerId): Address | undefined
  peerOf(address: Address): PeerId | undefined
  peers(): IterableIterator<PeerId>
  readonly size: number
}

export function createPeerBook(capacity: number): PeerBook {
  const byAddress = new Map<Address, PeerId>()
  const byPeer = new Map<string, Address>()
  const touch = (address: Address, peer: PeerId) => {
    byAddress.delete(address)
    byAddress.set(address, peer)
  }
  return {
    learn(peer) {
      const name = peer.toString()
      const known = byPeer.get(name)
      if (known !== undefined) {
        touch(known, peer)
        return known
      }
      const address = addressOfPeer(peer)
      if (address === undefined) return undefined
      byAddress.set(address, peer)
      byPeer.set(name, address)
      if (byAddress.size > capacity) {
        const [oldest, gone] = byAddress.entries().next().value!
        byAddress.delete(oldest)
        byPeer.delete(gone.toString())
      }
      return address
    },
    peerOf: (address) => byAddress.get(address),
    peers: () => byAddress.values(),
    get size() {
      return byAddress.size
    },
  }
}
