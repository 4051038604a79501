/** Who may connect: bans that run out, a cap per IP address, no private addresses outside a private network. */
import type { ConnectionGater, MultiaddrConnection, PeerId } from '@libp2p/interface'
import { isPrivate } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Metrics } from '../core/ports/metrics.ts'

export interface GaterOptions {
  allowPrivateAddresses: boolean
  maxConnectionsPerIp: number
  /** Bans kept; the one that ends first makes room. */
  maxBans: number
  /** Unix ms. */
  now(): number
}

export interface Gater extends ConnectionGater {
  ban(peer: PeerId, durationMs: number): void
  isBanned(peer: PeerId): boolean
}

/** The host part of an `/ip4/…` or `/ip6/…` multiaddr. */
export function ipOf(address: Multiaddr): string | undefined {
  const first = address.getComponents()[0]
  return first?.name === 'ip4' || first?.name === 'ip6' ? first.value : undefined
}

export function createGater(options: GaterOptions, metrics: Metrics, connectedFrom: (ip: string) => number): Gater {
  const bans = new Map<string, number>()
  const isBanned = (peer: PeerId) => {
    const until = bans.get(peer.toString())
    if (until === undefined) return false
    if (until > options.now()) return true
    bans.delete(peer.toString())
    return false
  }
  const denied = (reason: string) => {
    metrics.count('p2p_connections_denied_total', { reason })
    return true
  }
  const refuses = (peer: PeerId) => isBanned(peer) && denied('banned')
  return {
    isBanned,
    ban(peer, durationMs) {
      bans.delete(peer.toString())
      bans.set(peer.toString(), options.now() + durationMs)
      if (bans.size > options.maxBans) {
        const soonest = [...bans].reduce((a, b) => (b[1] < a[1] ? b : a))
        bans.delete(soonest[0])
      }
      metrics.gauge('p2p_bans', bans.size)
    },
    denyDialPeer: refuses,
    denyDialMultiaddr: (address) => !options.allowPrivateAddresses && isPrivate(address) && denied('private-address'),
    denyInboundConnection(connection: MultiaddrConnection) {
      if (options.allowPrivateAddresses) return false
      const ip = ipOf(connection.remoteAddr)
      return ip !== undefined && connectedFrom(ip) >= options.maxConnectionsPerIp && denied('per-ip')
    },
    denyInboundEncryptedConnection: refuses,
    denyOutboundEncryptedConnection: refuses,
    filterMultiaddrForPeer: (_peer, address) => options.allowPrivateAddresses || !isPrivate(address),
  }
}
