/**
 * Keeps the node connected: dials the bootstrap addresses, asks peers for peers until there are enough of them, keeps the
 * oracle set connected, and bans whoever fell below the graylist. One step at a time; a step never throws.
 */
import type { PeerId } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { Libp2p } from 'libp2p'
import { codeOf } from '../core/errors.ts'
import type { Address } from '../core/ids.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { Metrics } from '../core/ports/metrics.ts'
import { connectedPeers } from './connected.ts'
import { type Exchange, sample } from './exchange.ts'
import { MAX_WANTED } from './exchange-codec.ts'
import type { MeshLimits } from './limits.ts'
import type { PeerBook } from './peer-book.ts'

/** Peers asked in one step; each answer is a sample of what the peer knows. */
const ASKED_PER_STEP = 3
/** While nothing new is found the interval doubles up to here: a lost network is noticed by its lost connections anyhow. */
const SLOWEST_INTERVAL_MS = 10_000
/** Up to here every new peer is asked at once; later the regular step finds the rest. */
const FEW_PEERS = 8
/** Drawn from all that were ever met; those that are not connected are tried again. */
const REMEMBERED_PER_STEP = 16
const SLOWEST_REDIAL_MS = 60_000

export interface DiscoveryModules {
  node: Pick<Libp2p, 'dial' | 'getConnections' | 'peerId' | 'peerStore'>
  exchange: Exchange
  book: PeerBook
  limits: MeshLimits
  bootstrap: readonly string[]
  isBanned(peer: PeerId): boolean
  /** Called in each step before anything else. */
  sweep(): void
  logger: Logger
  metrics: Metrics
  random(below: number): number
  now(): number
}

export interface Discovery {
  start(): void
  stop(): Promise<void>
  keep(addresses: readonly Address[]): void
  /** A peer was identified: ask it at once, its neighbours may be all we lack. */
  onIdentified(peer: PeerId): void
  /** A connection was lost. */
  onLost(): void
  /** The peer behind an address, asked for in the network when it is not known, or with `fresh` in any case. */
  resolve(address: Address, signal: AbortSignal, fresh?: boolean): Promise<PeerId | undefined>
}

export function createDiscovery(modules: DiscoveryModules): Discovery {
  const { node, exchange, book, limits, metrics, logger, now } = modules
  const bootstrap = modules.bootstrap.map((address) => multiaddr(address))
  const candidates = new Map<string, { peer: PeerId; since: number }>()
  const redial = new Map<string, { failures: number; at: number }>()
  const dialling = new Set<string>()
  const stopped = new AbortController()
  let kept: readonly Address[] = []
  let timer: NodeJS.Timeout | undefined
  let intervalMs = limits.discoveryIntervalMs
  let running: Promise<void> = Promise.resolve()

  const connected = () => connectedPeers(node)
  const someConnected = () => sample([...connected().values()], ASKED_PER_STEP, modules.random)

  const dial = (target: PeerId | Multiaddr) => {
    const name = target.toString()
    const last = redial.get(name)
    if (dialling.has(name) || dialling.size >= limits.maxParallelDials || (last && last.at > now())) return
    dialling.add(name)
    const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(limits.dialTimeoutMs)])
    node
      .dial(target, { signal })
      .then(
        () => redial.delete(name),
        (error: unknown) => {
          const failures = (last?.failures ?? 0) + 1
          redial.delete(name)
          redial.set(name, { failures, at: now() + Math.min(SLOWEST_REDIAL_MS, 1_000 * 2 ** failures) })
          if (redial.size > limits.maxKnownPeers) redial.delete(redial.keys().next().value!)
          metrics.count('p2p_dials_failed_total', { code: codeOf(error) })
        },
      )
      .finally(() => dialling.delete(name))
  }

  const consider = (peer: PeerId) => {
    const name = peer.toString()
    const last = redial.get(name)
    if (candidates.has(name) || peer.equals(node.peerId) || modules.isBanned(peer) || (last && last.at > now())) return
    candidates.set(name, { peer, since: now() })
    if (candidates.size > limits.maxKnownPeers) candidates.delete(candidates.keys().next().value!)
  }

  /** Of two nodes that hear of one another at once the smaller id dials first, or both would. */
  const mayDial = (name: string, since: number) =>
    node.peerId.toString() < name || now() - since >= 2 * limits.discoveryIntervalMs

  const dialCandidates = (present: ReadonlyMap<string, PeerId>) => {
    let room = limits.targetConnections - present.size - dialling.size
    for (const [name, { peer, since }] of candidates) {
      if (room <= 0) return
      if (present.has(name)) candidates.delete(name)
      else if (mayDial(name, since)) {
        candidates.delete(name)
        dial(peer)
        room--
      }
    }
  }

  /** @returns kept addresses that are not connected: whoever knows a newer record of them is asked. */
  const dialKept = (present: ReadonlyMap<string, PeerId>): Address[] =>
    kept.filter((address) => {
      const peer = book.peerOf(address)
      if (peer === undefined) return true
      const name = peer.toString()
      if (peer.equals(node.peerId) || present.has(name) || modules.isBanned(peer)) return false
      if (!candidates.has(name)) candidates.set(name, { peer, since: now() })
      if (mayDial(name, candidates.get(name)!.since)) dial(peer)
      return true
    })

  const ask = async (peer: PeerId, wanted: readonly Address[]): Promise<void> => {
    try {
      for (const told of await exchange.ask(peer, wanted, stopped.signal)) consider(told)
    } catch (error) {
      logger.debug('peer exchange failed', { peer: peer.toString(), code: codeOf(error) })
    }
  }

  const step = async () => {
    modules.sweep()
    const present = connected()
    metrics.gauge('p2p_connected_peers', present.size)
    metrics.gauge('p2p_known_peers', book.size)
    if (present.size === 0) for (const address of bootstrap) dial(address)
    const wanted = dialKept(present)
    if (present.size >= limits.targetConnections && wanted.length === 0) return
    // Peers tell of whom they are connected with: across a healed partition only memory helps.
    for (const peer of sample([...book.peers()], REMEMBERED_PER_STEP, modules.random)) {
      if (!present.has(peer.toString())) consider(peer)
    }
    await Promise.all(someConnected().map((peer) => ask(peer, sample(wanted, MAX_WANTED, modules.random))))
    dialCandidates(connected())
    const news = present.size === 0 || candidates.size > 0 || wanted.length > 0 || dialling.size > 0
    intervalMs = news ? limits.discoveryIntervalMs : Math.min(SLOWEST_INTERVAL_MS, intervalMs * 2)
  }

  /** Peers of a former run: the network is found again even when no bootstrap node is left. */
  const remember = async () => {
    try {
      for (const { id } of await node.peerStore.all({ limit: 4 * limits.targetConnections })) {
        book.learn(id)
        consider(id)
      }
    } catch (error) {
      logger.warn('the peer store could not be read', { error: String(error) })
    }
  }

  let stepping = false
  const schedule = (ms: number) => {
    clearTimeout(timer)
    if (stopped.signal.aborted) return
    timer = setTimeout(() => {
      stepping = true
      running = step()
        .catch((error: unknown) => logger.warn('a discovery step failed', { error: String(error) }))
        .finally(() => {
          stepping = false
          schedule(intervalMs)
        })
    }, ms)
  }
  /** Back to short intervals; a timer that is short already goes on, or a stream of events would put it off for ever. */
  const hurry = () => {
    const waiting = intervalMs > limits.discoveryIntervalMs && !stepping
    intervalMs = limits.discoveryIntervalMs
    if (waiting) schedule(intervalMs)
  }

  return {
    start() {
      for (const address of bootstrap) dial(address)
      running = remember().then(() => schedule(intervalMs))
    },
    async stop() {
      stopped.abort(new Error('stopping'))
      clearTimeout(timer)
      await running
    },
    keep(addresses) {
      kept = [...new Set(addresses)]
      hurry()
    },
    onIdentified(peer) {
      if (stopped.signal.aborted || connected().size > FEW_PEERS) return
      void ask(peer, []).then(() => dialCandidates(connected()))
    },
    onLost: hurry,
    async resolve(address, signal, fresh = false) {
      const known = book.peerOf(address)
      if (known !== undefined && !fresh) return known
      await Promise.allSettled(someConnected().map((peer) => exchange.ask(peer, [address], signal)))
      return book.peerOf(address)
    },
  }
}
