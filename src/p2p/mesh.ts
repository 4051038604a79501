/** The mesh: one libp2p host behind the `Gossip` and `Requests` ports (docs/mesh.md). */
import { randomInt } from 'node:crypto'
import type { PeerId } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { Address } from '../core/ids.ts'
import { networkName } from '../core/network.ts'
import { connectedPeers } from './connected.ts'
import { createDiscovery, type Discovery } from './discovery.ts'
import { MeshError } from './errors.ts'
import { createExchange } from './exchange.ts'
import { createGater, ipOf } from './gater.ts'
import { createGossip } from './gossip.ts'
import { createHost } from './host.ts'
import { identityOf } from './identity.ts'
import { DEFAULT_LIMITS, type MeshLimits } from './limits.ts'
import { createPeerBook } from './peer-book.ts'
import { createPenalties } from './penalties.ts'
import { createProviderRecords } from './providers.ts'
import { LISTENER_EVENTS, listenersOf } from './pubsub.ts'
import { createRequests } from './requests.ts'
import { THRESHOLDS } from './score-params.ts'
import type { Mesh, MeshModules, MeshOptions, MeshPeer } from './types.ts'
import { waitUntil, watch } from './wait.ts'

/** How long a peer whose score fell below the graylist stays away; its counters have decayed to a quarter by then. */
const BAN_MS = 10 * 60_000

/**
 * Makes a mesh node; nothing listens or dials before `start`.
 * @throws {MeshError} `invalid-key`, `invalid-multiaddr`.
 */
export async function createMesh(options: MeshOptions, { logger, metrics }: MeshModules): Promise<Mesh> {
  const limits: MeshLimits = { ...DEFAULT_LIMITS, ...options.limits }
  checkMultiaddrs([...options.listen, ...(options.announce ?? []), ...options.bootstrap])
  const identity = identityOf(options.privateKey)
  const now = () => Date.now()
  const random = (below: number) => (below > 1 ? randomInt(below) : 0)
  const book = createPeerBook(limits.maxKnownPeers)
  const penalties = createPenalties(limits.maxKnownPeers, now)
  const gater = createGater(
    { ...limits, allowPrivateAddresses: options.allowPrivateAddresses, maxBans: limits.maxKnownPeers, now },
    metrics,
    (ip) => host.node.getConnections().filter(({ remoteAddr }) => ipOf(remoteAddr) === ip).length,
  )
  const host = await createHost(options, { identity, gater, limits, penalty: (peer) => penalties.score(peer) })
  const { node } = host
  const { pubsub } = node.services
  const learn = (peer: PeerId) => book.learn(peer)

  // Requests resolve addresses by discovery, which asks peers by requests.
  let discovery: Discovery
  const requests = createRequests(limits, {
    node,
    learn,
    resolve: (address, signal, fresh) => discovery.resolve(address, signal, fresh),
    penalties,
    logger,
    metrics,
    now,
  })
  const gossip = createGossip(options.topics, limits, { pubsub, penalties, learn, logger, metrics, now })
  const protocol = networkName(options.domain, 'peers')
  const exchange = createExchange({ node, requests, book, limits, protocol, random, now })

  const banPeer = async (peer: PeerId, durationMs: number) => {
    gater.ban(peer, durationMs)
    await node.hangUp(peer, { signal: AbortSignal.timeout(1_000) }).catch(() => {
      // A peer that does not close with us is cut off.
      for (const connection of node.getConnections(peer)) connection.abort(new Error('banned'))
    })
  }
  const banOutcasts = () => {
    for (const [name, peer] of connectedPeers(node)) {
      const score = pubsub.getScore(name)
      if (score >= THRESHOLDS.graylistThreshold) continue
      logger.warn('a peer is banned for its score', { peer: name, score: Math.round(score) })
      metrics.count('p2p_peers_banned_total')
      void banPeer(peer, BAN_MS)
    }
  }
  /** gossipsub and identify try once; a connection on which they failed is given up, and made anew by discovery. */
  const dropSilent = () => {
    for (const [name, peer] of connectedPeers(node)) {
      const connections = node.getConnections(peer)
      const youngest = Math.max(...connections.map(({ timeline }) => timeline.open))
      const relayed = connections.some((connection) => connection.limits !== undefined)
      if (relayed || pubsub.streamsOutbound.has(name) || now() - youngest < limits.silentConnectionMs) continue
      metrics.count('p2p_silent_connections_total')
      void node.hangUp(peer).catch((error: unknown) => logger.debug('a hang-up failed', { error: String(error) }))
    }
  }
  const { bootstrap } = options
  const isBanned = (peer: PeerId) => gater.isBanned(peer)
  discovery = createDiscovery({
    ...{ node, exchange, book, limits, bootstrap, isBanned, logger, metrics, random, now },
    sweep() {
      banOutcasts()
      dropSilent()
    },
  })

  node.addEventListener('peer:connect', ({ detail }) => void learn(detail))
  node.addEventListener('peer:discovery', ({ detail }) => void learn(detail.id))
  node.addEventListener('peer:identify', ({ detail }) => {
    learn(detail.peerId)
    exchange.renewed(detail.peerId)
    discovery.onIdentified(detail.peerId)
  })
  node.addEventListener('peer:disconnect', () => discovery.onLost())

  let started = false
  let stopping: Promise<void> | undefined
  const stop = async () => {
    await discovery.stop()
    gossip.close()
    await requests.close()
    if (started) await node.stop()
    await host.close()
  }

  return {
    gossip,
    requests,
    providers: createProviderRecords(node, book),
    peerId: identity.peerId.toString(),
    address: identity.address,
    multiaddrs: () => node.getMultiaddrs().map(String),
    async start() {
      if (stopping !== undefined)
        throw new MeshError('not-started', 'a stopped mesh is not started again; make a new one')
      started = true
      try {
        await node.start()
      } catch (cause) {
        throw new MeshError('listen-failed', `can't listen on ${options.listen.join(', ')}`, { cause })
      }
      exchange.serve()
      discovery.start()
    },
    stop() {
      stopping ??= stop()
      return stopping
    },
    peers: () =>
      [...connectedPeers(node)].flatMap(([name, peer]): MeshPeer[] => {
        const address = learn(peer)
        const connection = node.getConnections(peer)[0]
        if (address === undefined || connection === undefined) return []
        const { direction, remoteAddr } = connection
        return [{ address, peerId: name, multiaddr: remoteAddr.toString(), direction, score: pubsub.getScore(name) }]
      }),
    keep: (addresses: readonly Address[]) => discovery.keep(addresses.filter((each) => each !== identity.address)),
    async ban(address, durationMs) {
      const peer = book.peerOf(address)
      if (peer !== undefined) await banPeer(peer, durationMs)
    },
    watchPeers: (listener) => watch(node, ['peer:connect', 'peer:disconnect'], listener),
    watchAddresses: (listener) => watch(node, ['self:peer:update'], listener),
    waitForPeers: (count, signal) =>
      waitUntil(node, ['peer:connect'], () => connectedPeers(node).size >= count, signal),
    waitForSubscribers: (topic, count, signal) =>
      waitUntil(pubsub, LISTENER_EVENTS, () => listenersOf(pubsub, topic) >= count, signal),
  }
}

function checkMultiaddrs(addresses: readonly string[]): void {
  for (const address of addresses) {
    try {
      multiaddr(address)
    } catch (cause) {
      throw new MeshError('invalid-multiaddr', `"${address}" is no multiaddr, e.g. /ip4/127.0.0.1/tcp/4001`, { cause })
    }
  }
}
