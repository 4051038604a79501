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
  /** Topic and bytes: the same ones twice are one message. */
  id: string
  /** Nodes that have it, or will without another hop. */
  reached: Set<Address>
  forwarded: boolean
}

export class NetworkError extends Error {
  override readonly name = 'NetworkError'
}

interface Protocol {
  handler: RequestHandler
  maxRequestBytes: number
}

interface Peer {
  handlers: Map<string, GossipHandler>
  protocols: Map<string, Protocol>
  /** Messages that were published or delivered here. */
  seen: Set<string>
  alive: boolean
}

/** Message ids that a node remembers. */
const SEEN_CAPACITY = 4096

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
    const peer: Peer = { handlers: new Map(), protocols: new Map(), seen: new Set(), alive: true }
    this.#peers.set(address, peer)
    const gossip: SimGossip = {
      publish: async (topic, data) => this.#publish(peer, address, topic, data),
      publishTo: (targets, topic, data) => this.#publish(peer, address, topic, data, targets),
      subscribe: (topic, handler) => {
        if (peer.handlers.has(topic)) throw new NetworkError(`a second handler for ${topic}`)
        peer.handlers.set(topic, handler)
        return () => {
          if (peer.handlers.get(topic) === handler) peer.handlers.delete(topic)
        }
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

  #publish(peer: Peer, from: Address, topic: string, bytes: Uint8Array, targets?: readonly Address[]): void {
    if (!peer.alive) return
    const id = `${topic}/${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')}`
    // Chosen targets are a byzantine node's own way; the mesh takes the same bytes only once.
    if (!targets && !firstTime(peer, id)) return
    const data = bytes.slice()
    this.counts.published++
    this.tap?.(from, topic, data)
    const message: Broadcast = { topic, data, id, reached: new Set([from]), forwarded: false }
    this.#spread(message, from, targets ?? [...this.#peers.keys()])
    if (this.#random.chance(this.options.replay)) {
      const later = this.#random.int(0, this.options.replayMs)
      this.#time.after(later, () => {
        const again = { topic, data, id: `${id}/replay`, reached: new Set([from]), forwarded: true }
        this.#spread(again, from, [...this.#peers.keys()])
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
        this.#time.after(this.#delay(), () => this.#deliver({ ...message, id: `${message.id}/twice` }, from, to))
    }
  }

  #deliver(message: Broadcast, from: Address, to: Address): void {
    const peer = this.#peers.get(to)
    const handler = peer?.handlers.get(message.topic)
    if (!peer || !handler || !this.#connected(from, to) || !firstTime(peer, message.id)) return
    this.counts.delivered++
    const ignored: Verdict = { result: 'ignore', code: 'unknown' }
    let verdict: Verdict | Promise<Verdict> = ignored
    try {
      verdict = handler({ data: message.data, from })
    } catch {
      // As in the mesh: whoever handles badly loses the message.
    }
    if (verdict instanceof Promise)
      void verdict.catch(() => ignored).then((settled) => this.#judged(message, to, settled))
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
      handle: (protocol, handler, { maxRequestBytes }) => {
        peer.protocols.set(protocol, { handler, maxRequestBytes })
        return () => peer.protocols.delete(protocol)
      },
      request: (to, protocol, body, options) =>
        peer.alive ? this.#request(peer, own, to, protocol, body, options) : new Promise<never>(() => {}),
    }
  }

  #request(
    peer: Peer,
    own: Address,
    to: Address,
    protocol: string,
    body: Uint8Array,
    { signal, timeoutMs, maxResponseBytes }: Parameters<Requests['request']>[3],
  ): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      this.counts.requests++
      /** Ends the other side too. */
      const stream = new AbortController()
      const end = (settle: () => void) => {
        // A dead process learns nothing any more.
        if (!peer.alive) return
        cancel()
        signal?.removeEventListener('abort', onAbort)
        stream.abort()
        settle()
      }
      const onAbort = () => end(() => reject(signal?.reason))
      const cancel = this.#time.after(timeoutMs, () => end(() => reject(new NetworkError('timed out'))))
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#carry(own, to, protocol, body, stream.signal, (answer) =>
        end(() => {
          if (answer instanceof NetworkError) reject(answer)
          else if (answer && answer.length > maxResponseBytes) reject(new NetworkError('answer too long'))
          else resolve(answer)
        }),
      )
    })
  }

  /** There and back; loss on either way leaves the asker to its time-out. */
  #carry(
    from: Address,
    to: Address,
    protocol: string,
    body: Uint8Array,
    signal: AbortSignal,
    answer: (bytes: Uint8Array | undefined | NetworkError) => void,
  ): void {
    const back = (bytes: Uint8Array | undefined | NetworkError) => {
      if (this.#random.chance(this.options.loss)) return
      this.#time.after(this.#delay(), () => {
        if (this.#connected(from, to)) answer(bytes)
      })
    }
    if (this.#random.chance(this.options.loss)) return
    this.#time.after(this.#delay(), () => {
      if (!this.#connected(from, to)) return
      const served = this.#peers.get(to)?.protocols.get(protocol)
      if (!served || body.length > served.maxRequestBytes) return back(new NetworkError('refused'))
      served.handler(body, from, signal).then(back, () => back(new NetworkError('the handler failed')))
    })
  }
}

/** Whether a node meets a message for the first time, as far as it remembers. */
function firstTime(peer: Peer, id: string): boolean {
  if (peer.seen.has(id)) return false
  if (peer.seen.size >= SEEN_CAPACITY) peer.seen.clear()
  peer.seen.add(id)
  return true
}

/** What a byzantine node may do beside publishing: choose who hears it. */
export interface SimGossip extends Gossip {
  publishTo(targets: readonly Address[], topic: string, data: Uint8Array): void
}
