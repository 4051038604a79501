/** Acceptance suite of the `Gossip` port: the libp2p adapter and the simulation's twin both pass it. */
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { Address } from '../../src/core/ids.ts'
import type { Gossip, GossipMessage, Verdict } from '../../src/core/ports/gossip.ts'

export interface GossipFixture {
  /** Connected with one another, nothing subscribed. */
  nodes: readonly { address: Address; gossip: Gossip }[]
  /** Resolves once each node knows that `listeners` others listen on the topic. */
  ready(topic: string, listeners: number): Promise<void>
  /** Awaits work that needs the network to move; a simulated one moves its clock meanwhile, a real one by itself. */
  drive<T>(work: Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface GossipFixtureOptions {
  nodes: number
  /** Every topic that a test uses. */
  topics: readonly string[]
}

export const TOPIC_A = '/lightmesh/suite/a/1'
export const TOPIC_B = '/lightmesh/suite/b/1'

const ACCEPT: Verdict = { result: 'accept' }
const bytes = (...values: number[]) => Uint8Array.from(values)

/** A handler that keeps what it saw and a promise for the n-th message. */
function collector(verdict: (message: GossipMessage) => Verdict | Promise<Verdict> = () => ACCEPT) {
  const seen: GossipMessage[] = []
  const waiting: { count: number; resolve: () => void }[] = []
  return {
    seen,
    handler(message: GossipMessage) {
      seen.push(message)
      for (const each of waiting) if (seen.length >= each.count) each.resolve()
      return verdict(message)
    },
    count(count: number): Promise<void> {
      if (seen.length >= count) return Promise.resolve()
      return new Promise((resolve) => waiting.push({ count, resolve }))
    },
  }
}

export function suite(name: string, factory: (options: GossipFixtureOptions) => Promise<GossipFixture>): void {
  describe(`gossip: ${name}`, () => {
    let fixture: GossipFixture | undefined
    const open = async (nodes = 3) => {
      fixture = await factory({ nodes, topics: [TOPIC_A, TOPIC_B] })
      return fixture
    }
    /** Every node subscribes with a collector of its own. */
    const subscribeAll = async (network: GossipFixture, topic: string, verdict?: Parameters<typeof collector>[0]) => {
      const collectors = network.nodes.map(({ gossip }) => {
        const each = collector(verdict)
        gossip.subscribe(topic, each.handler)
        return each
      })
      await network.drive(network.ready(topic, network.nodes.length - 1))
      return collectors
    }
    afterEach(async () => {
      await fixture?.close()
      fixture = undefined
    })

    it('default', async () => {
      const network = await open()
      const [author, ...others] = await subscribeAll(network, TOPIC_A)
      await network.drive(network.nodes[0]!.gossip.publish(TOPIC_A, bytes(1, 2, 3)))
      await network.drive(Promise.all(others.map((each) => each.count(1))))
      const addresses = network.nodes.map(({ address }) => address)
      for (const { seen } of others) {
        assert.deepEqual(Uint8Array.from(seen[0]!.data), bytes(1, 2, 3))
        assert.ok(addresses.includes(seen[0]!.from), 'from is a node of the network')
      }
      assert.equal(author!.seen.length, 0)
    })

    it('behavior: every node publishes and every other one hears it once', async () => {
      const network = await open(5)
      const collectors = await subscribeAll(network, TOPIC_A)
      await network.drive(Promise.all(network.nodes.map(({ gossip }, i) => gossip.publish(TOPIC_A, bytes(7, i)))))
      await network.drive(Promise.all(collectors.map((each) => each.count(4))))
      collectors.forEach(({ seen }, own) => {
        const authors = seen.map(({ data }) => data[1]!).sort()
        assert.deepEqual(
          authors,
          [0, 1, 2, 3, 4].filter((i) => i !== own),
        )
      })
    })

    it('behavior: the same bytes twice are one message, on another topic another', async () => {
      const network = await open()
      const onA = await subscribeAll(network, TOPIC_A)
      const onB = await subscribeAll(network, TOPIC_B)
      const { gossip } = network.nodes[0]!
      await network.drive(gossip.publish(TOPIC_A, bytes(1)))
      await network.drive(gossip.publish(TOPIC_A, bytes(1)))
      await network.drive(gossip.publish(TOPIC_B, bytes(1)))
      await network.drive(gossip.publish(TOPIC_A, bytes(2)))
      await network.drive(Promise.all([1, 2].flatMap((i) => [onA[i]!.count(2), onB[i]!.count(1)])))
      assert.deepEqual(onA[1]!.seen.map(({ data }) => data[0]).sort(), [1, 2])
      assert.deepEqual(
        onB[2]!.seen.map(({ data }) => data[0]),
        [1],
      )
    })

    it('behavior: a handler that throws or rejects loses its message, not the next one', async () => {
      const network = await open(2)
      const failures = [
        () => {
          throw new Error('on purpose')
        },
        () => Promise.reject(new Error('on purpose')),
      ]
      const [, listener] = await subscribeAll(network, TOPIC_A, () => failures.shift()?.() ?? ACCEPT)
      for (const value of [1, 2, 3]) await network.drive(network.nodes[0]!.gossip.publish(TOPIC_A, bytes(value)))
      await network.drive(listener!.count(3))
      assert.equal(failures.length, 0)
    })

    it('behavior: after unsubscribing nothing arrives, and a new handler may subscribe', async () => {
      const network = await open(2)
      const [first, second] = network.nodes
      const old = collector()
      const stop = second!.gossip.subscribe(TOPIC_A, old.handler)
      stop()
      stop()
      const fresh = collector()
      first!.gossip.subscribe(TOPIC_A, collector().handler)
      second!.gossip.subscribe(TOPIC_A, fresh.handler)
      await network.drive(network.ready(TOPIC_A, 1))
      await network.drive(first!.gossip.publish(TOPIC_A, bytes(5)))
      await network.drive(fresh.count(1))
      assert.equal(old.seen.length, 0)
    })

    it('behavior: publishing to nobody is not an error', async () => {
      const network = await open(2)
      await network.drive(network.nodes[0]!.gossip.publish(TOPIC_B, bytes(1)))
    })

    it('behavior: changing the array after publishing changes nothing that arrives', async () => {
      const network = await open(2)
      const [, listener] = await subscribeAll(network, TOPIC_A)
      const data = bytes(1, 2, 3)
      const published = network.nodes[0]!.gossip.publish(TOPIC_A, data)
      data.fill(9)
      await network.drive(published)
      await network.drive(listener!.count(1))
      assert.deepEqual(Uint8Array.from(listener!.seen[0]!.data), bytes(1, 2, 3))
    })

    it('error: a second handler for one topic', async () => {
      const network = await open(2)
      const { gossip } = network.nodes[0]!
      gossip.subscribe(TOPIC_A, () => ACCEPT)
      assert.throws(() => gossip.subscribe(TOPIC_A, () => ACCEPT))
    })
  })
}
