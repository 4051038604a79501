/**
 * Peer exchange: a node asks a peer for signed records of others. The DHT knows every peer too, but only by peer id; an
 * address, which is all the chain tells of an oracle, can be looked up here alone. A record is signed by its subject, so
 * a peer can withhold records but not invent them.
 */
import type { PeerId } from '@libp2p/interface'
import type { Libp2p } from 'libp2p'
import { addressOfPublicKey } from '../core/crypto/secp256k1.ts'
import type { Address } from '../core/ids.ts'
import { connectedPeers } from './connected.ts'
import {
  decodeExchangeAnswer,
  decodeExchangeRequest,
  type ExchangedPeer,
  encodeExchangeAnswer,
  encodeExchangeRequest,
  MAX_EXCHANGE_REQUEST_BYTES,
  maxExchangeAnswerBytes,
} from './exchange-codec.ts'
import { peerOfPublicKey } from './identity.ts'
import type { MeshLimits } from './limits.ts'
import type { PeerBook } from './peer-book.ts'
import type { RequestsAdapter } from './requests.ts'

const TIMEOUT_MS = 5_000
/** Reading a record from the peer store parses all of it (0.3 ms); an answer carries dozens. */
const RECORD_AGE_MS = 5_000

export interface ExchangeModules {
  node: Pick<Libp2p, 'getConnections' | 'peerStore' | 'peerId'>
  requests: RequestsAdapter
  book: PeerBook
  limits: MeshLimits
  /** In full. */
  protocol: string
  /** Integer in [0, below). */
  random(below: number): number
  now(): number
}

export interface Exchange {
  /** Peers that the asked one told of and that are not connected; their addresses are in the peer store. */
  ask(peer: PeerId, wanted: readonly Address[], signal: AbortSignal): Promise<PeerId[]>
  /** The peer has a new record. */
  renewed(peer: PeerId): void
  /** Answers others from now on; the returned function ends it. */
  serve(): () => void
}

export function createExchange({ node, requests, book, limits, protocol, random, now }: ExchangeModules): Exchange {
  const records = new Map<string, { at: number; record: ExchangedPeer | undefined }>()
  const loadRecord = async (peer: PeerId): Promise<ExchangedPeer | undefined> => {
    if (peer.type !== 'secp256k1') return undefined
    const record = await node.peerStore.get(peer).then(
      (stored) => stored.peerRecordEnvelope,
      () => undefined,
    )
    return record && { publicKey: peer.publicKey.raw, record }
  }
  const recordOf = async (peer: PeerId): Promise<ExchangedPeer | undefined> => {
    const name = peer.toString()
    const cached = records.get(name)
    if (cached !== undefined && now() - cached.at < RECORD_AGE_MS) return cached.record
    const record = await loadRecord(peer)
    records.delete(name)
    records.set(name, { at: now(), record })
    if (records.size > limits.maxKnownPeers) records.delete(records.keys().next().value!)
    return record
  }

  const answer = async (body: Uint8Array, asker: Address) => {
    const askedFor = decodeExchangeRequest(body).map((address) => book.peerOf(address))
    const chosen = new Map<string, PeerId>()
    for (const peer of [...askedFor, ...sample([...connectedPeers(node).values()], limits.maxExchangedPeers, random)]) {
      if (peer !== undefined) chosen.set(peer.toString(), peer)
    }
    const own = book.peerOf(asker)
    if (own !== undefined) chosen.delete(own.toString())
    const records = await Promise.all([...chosen.values()].slice(0, limits.maxExchangedPeers).map(recordOf))
    return encodeExchangeAnswer(records.filter((record) => record !== undefined))
  }

  /** The signature check takes 4 ms in pure JavaScript: done only for records that are not known. */
  const accept = async ({ publicKey, record }: ExchangedPeer): Promise<PeerId | undefined> => {
    // Parsing a key costs 1 ms in pure JavaScript; its address 0.05 ms in the native library.
    const peer = book.peerOf(addressOfPublicKey(publicKey)) ?? peerOfPublicKey(publicKey)
    if (peer.equals(node.peerId)) return undefined
    if (node.getConnections(peer).length > 0) return undefined
    const stored = (await node.peerStore.has(peer)) ? await node.peerStore.get(peer) : undefined
    const known = stored?.peerRecordEnvelope
    if (known === undefined || Buffer.compare(known, record) !== 0) {
      // An older record than the stored one is not taken, and does no harm.
      const taken = await node.peerStore.consumePeerRecord(record, { expectedPeer: peer })
      if (!taken && stored === undefined) return undefined
    }
    book.learn(peer)
    return peer
  }

  return {
    renewed: (peer) => void records.delete(peer.toString()),
    serve: () => requests.handle(protocol, answer, { maxRequestBytes: MAX_EXCHANGE_REQUEST_BYTES }),
    async ask(peer, wanted, signal) {
      const bytes = await requests.requestPeer(peer, protocol, encodeExchangeRequest(wanted), {
        signal,
        timeoutMs: TIMEOUT_MS,
        maxResponseBytes: maxExchangeAnswerBytes(limits.maxExchangedPeers),
      })
      if (bytes === undefined) return []
      const found: PeerId[] = []
      for (const entry of decodeExchangeAnswer(bytes, limits.maxExchangedPeers)) {
        signal.throwIfAborted()
        const peer = await accept(entry)
        if (peer !== undefined) found.push(peer)
      }
      return found
    },
  }
}

/** `count` of them, each with the same chance (the first steps of a Fisher–Yates shuffle). */
export function sample<T>(items: readonly T[], count: number, random: (below: number) => number): T[] {
  const rest = [...items]
  const size = Math.min(count, rest.length)
  for (let i = 0; i < size; i++) {
    const j = i + random(rest.length - i)
    ;[rest[i], rest[j]] = [rest[j]!, rest[i]!]
  }
  return rest.slice(0, size)
}
