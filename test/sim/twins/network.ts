/**
 * Gossip and requests between simulated processes: loss, delay, duplicates, replays of old messages, partitions. A message
 * that one node accepted reaches those that were left out by a second hop, as it does in a mesh.
 */
import type { Address } from '../../../src/core/ids.ts'
import type { Gossip, GossipHandler, Verdict } from '../../../src/core/ports/gossip.ts'
import type { RequestHandler, Requests } from '../../../src/core/ports/requests.ts'
import type { Random } from './random.ts'
import type { VirtualTime } from './time.ts'

export interface NetworkOptions {
  /** Probability that one delivery, request or answer is lost. */
  loss: number
  minDelayMs: number
  maxDelayMs: number
  /** Probability that a delivery comes twice. */
  duplicate: number
  /** Probability that a message is delivered again up to an epoch later. */
  replay: number
  /** The longest that a replay may come later. */
  replayMs: number
}

/** One publication on its way: who has it on the way already. */
interface Broadcast {
  topic: string
  data: Uint8Array
  /** Nodes that have it, or will without another hop. */
  reached: Set<Address>
  forwarded: boolean
}

export class NetworkError extends Error {
  override readonly name = 'NetworkError'
}

interface Peer {
  handlers: Map<string, GossipHandler>
  protocols: Map<string, RequestHandler>
  alive: boolean
}

export class SimNetwork {
  readonly #time: VirtualTime
  readonly #random: Random
  options: NetworkOptions
  readonly #peers = new Map<Address, Peer>()
  /** Group by node while a partition lasts; nodes of different groups do not hear one another. */
  #groups: ReadonlyMap<Address, number> | undefined
  /** Sees every publication by its author, before anything is lost. */
  tap: ((from: Address, topic: string, data: Uint8Array) => void) | undefined
  readonly counts = { published: 0, delivered: 0, lost: 0, requests: 0, rejected: 0 }

  constructor(time: VirtualTime, random: Random, options: NetworkOptions) {
    this.#time = time
    this.#random = random
    this.options = options
  }

  partition(groups: ReadonlyMap<Address, number> | undefined): void {
    this.#groups = groups
  }

  /** Joins as a process; `kill` is its sudden end. */
  join(address: Address): { gossip: SimGossip; requests: Requests; kill: () => void } {
    const peer: Peer = { handlers: new Map(), protocols: new Map(), alive: true }
    this.#peers.set(address, peer)
    const gossip: SimGossip = {
      publish: async (topic, data) => this.#publish(peer, address, topic, data),
      publishTo: (targets, topic, data) => this.#publish(peer, address, topic, data, targets),
      subscribe: (topic, handler) => {
        peer.handlers.set(topic, handler)
        return () => peer.handlers.delete(topic)
      },
    }
    return { gossip, requests: this.#requests(peer, address), kill: () => this.#kill(address, peer) }
  }

  #kill(address: Address, peer: Peer): void {
    peer.alive = false
    if (this.#peers.get(address) === peer) this.#peers.delete(address)
  }

  #connected(a: Address, b: Address): boolean {
    return !this.#groups || this.#groups.get(a) === this.#groups.get(b)
  }

  #delay(): number {
    return this.#random.int(this.options.minDelayMs, this.options.maxDelayMs)
  }

  #publish(peer: Peer, from: Address, topic: string, data: Uint8Array, targets?: readonly Address[]): void {
    if (!peer.alive) return
    this.counts.published++
    this.tap?.(from, topic, data)
    const message: Broadcast = { topic, data, reached: new Set([from]), forwarded: false }
    this.#spread(message, from, targets ?? [...this.#peers.keys()])
    if (this.#random.chance(this.options.replay)) {
      const later = this.#random.int(0, this.options.replayMs)
      this.#time.after(later, () => {
        this.#spread({ topic, data, reached: new Set([from]), forwarded: true }, from, [...this.#peers.keys()])
      })
    }
  }

  #spread(message: Broadcast, from: Address, targets: readonly Address[]): void {
    for (const to of targets) {
      if (to === from || message.reached.has(to) || !this.#connected(from, to)) continue
      if (this.#random.chance(this.options.loss)) {
        this.counts.lost++
        continue
      }
      message.reached.add(to)
      this.#time.after(this.#delay(), () => this.#deliver(message, from, to))
      if (this.#random.chance(this.options.duplicate))
        this.#time.after(this.#delay(), () => this.#deliver(message, from, to))
    }
  }

  #deliver(message: Broadcast, from: Address, to: Address): void {
    const handler = this.#peers.get(to)?.handlers.get(message.topic)
    if (!handler || !this.#connected(from, to)) return
    this.counts.delivered++
    const verdict = handler({ data: message.data, from })
    if (verdict instanceof Promise) void verdict.then((v) => this.#judged(message, to, v))
    else this.#judged(message, to, verdict)
  }

  /** What was accepted is forwarded once to those whom the first hop did not reach. */
  #judged(message: Broadcast, by: Address, verdict: Verdict): void {
    if (verdict.result === 'reject') this.counts.rejected++
    if (verdict.result !== 'accept' || message.forwarded) return
    message.forwarded = true
    this.#spread(message, by, [...this.#peers.keys()])
  }

  #requests(peer: Peer, own: Address): Requests {
    return {
      peers: () => [...this.#peers.keys()].filter((a) => a !== own && this.#connected(own, a)),
      handle: (protocol, handler) => {
        peer.protocols.set(protocol, handler)
        return () => peer.protocols.delete(protocol)
      },
      request: (to, protocol, body, { signal, timeoutMs, maxResponseBytes }) =>
        new Promise((resolve, reject) => {
          this.counts.requests++
          const fail = (reason: unknown) => {
            // A dead process learns nothing any more.
            if (!peer.alive) return
            cancel()
            signal?.removeEventListener('abort', onAbort)
            reject(reason)
          }
          const onAbort = () => fail(signal?.reason)
          const cancel = this.#time.after(timeoutMs, () => fail(new NetworkError('timed out')))
          signal?.addEventListener('abort', onAbort, { once: true })
          const answer = (bytes: Uint8Array | undefined) => {
            if (!peer.alive) return
            if (bytes && bytes.length > maxResponseBytes) return fail(new NetworkError('answer too long'))
            cancel()
            signal?.removeEventListener('abort', onAbort)
            resolve(bytes)
          }
          this.#carry(own, to, protocol, body, answer)
        }),
    }
  }

  #carry(
    from: Address,
    to: Address,
    protocol: string,
    body: Uint8Array,
    answer: (bytes: Uint8Array | undefined) => void,
  ): void {
    if (this.#random.chance(this.options.loss)) return
    this.#time.after(this.#delay(), () => {
      const handler = this.#peers.get(to)?.protocols.get(protocol)
      if (!handler || !this.#connected(from, to)) return
      const back = (bytes: Uint8Array | undefined) => {
        if (this.#random.chance(this.options.loss)) return
        this.#time.after(this.#delay(), () => {
          if (this.#connected(from, to)) answer(bytes)
        })
      }
      // A handler that fails closes the stream: the asker waits for its time-out.
      handler(body, from, new AbortController().signal).then(back, () => {})
    })
  }
}

/** What a byzantine node may do beside publishing: choose who hears it. */
export interface SimGossip extends Gossip {
  publishTo(targets: readonly Address[], topic: string, data: Uint8Array): void
}
