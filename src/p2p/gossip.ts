/** The `Gossip` port on gossipsub: size check, per-sender rate, bounded queue, handler, verdict in time. */
import type { PeerId } from '@libp2p/interface'
import { codeOf } from '../core/errors.ts'
import type { Address } from '../core/ids.ts'
import type { Gossip, GossipHandler, Verdict } from '../core/ports/gossip.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { Metrics } from '../core/ports/metrics.ts'
import { MeshError } from './errors.ts'
import { createHeld, type HeldMessage } from './held.ts'
import type { MeshLimits } from './limits.ts'
import { shortName } from './names.ts'
import { FLOOD_POINTS, type Penalties } from './penalties.ts'
import { LISTENER_EVENTS, listenersOf, type PubSub, report } from './pubsub.ts'
import { createRate, type Rate } from './rate.ts'
import { createTopicQueue, type TopicQueue } from './topic-queue.ts'
import type { MeshTopic } from './types.ts'

export interface GossipModules {
  pubsub: PubSub
  penalties: Penalties
  /** Unix ms. */
  now(): number
  learn(peer: PeerId): Address | undefined
  logger: Logger
  metrics: Metrics
}

interface Arrived {
  id: string
  source: string
  data: Uint8Array
  from: Address
}

interface Subscription {
  topic: Required<MeshTopic>
  handler: GossipHandler
  queue: TopicQueue<Arrived>
  rate: Rate
}

/**
 * An honest peer forwards what others accepted, so it can be first with every message of the network and no more: four
 * times the topic's rate, in a burst of ten seconds of it.
 */
const FLOOD_FACTOR = 4
const FLOOD_BURST_SECONDS = 10
/** Slow topics, too, may see a moment's burst: everyone's commit comes within seconds. */
const FLOOD_MIN_BURST = 200

/** What gossipsub tells of a message. */
type MessageEvent = Parameters<Extract<Parameters<PubSub['addEventListener']>[1], (event: never) => void>>[0]

export interface GossipAdapter extends Gossip {
  close(): void
}

/** Changes of what a peer listens to: it tells of all topics in one message when it connects, and hardly ever again. */
const SUBSCRIPTION_RATE = { perSecond: 1, burst: 64 }
/** A start-up's worth: a node publishes a few messages before its first peer is there. */
const HELD = { messages: 64, ageMs: 10_000 }
const IGNORED_LATE: Verdict = { result: 'ignore', code: 'validation-timeout' }

export function createGossip(
  topics: readonly MeshTopic[],
  limits: MeshLimits,
  { pubsub, penalties, learn, logger, metrics, now }: GossipModules,
): GossipAdapter {
  const known = new Map(topics.map((topic) => [topic.name, withDefaults(topic, limits)]))
  const subscriptions = new Map<string, Subscription>()

  const settle = (topic: string, message: { id: string; source: string }, verdict: Verdict) => {
    report(pubsub, message.id, message.source, verdict.result)
    const code = verdict.result === 'accept' ? 'accepted' : verdict.code
    metrics.count('p2p_gossip_messages_total', { topic: shortName(topic), result: verdict.result, code })
  }

  const judge = async (subscription: Subscription, message: Arrived) => {
    const { name } = subscription.topic
    const verdict = await within(limits.validationTimeoutMs, async () => {
      try {
        return await subscription.handler({ data: message.data, from: message.from })
      } catch (error) {
        logger.warn('a gossip handler failed', { topic: name, code: codeOf(error), error: String(error) })
        return { result: 'ignore', code: 'handler-error' } as const
      }
    })
    settle(name, message, verdict)
  }

  const onMessage = (event: MessageEvent) => {
    const {
      msgId: id,
      propagationSource,
      msg,
    } = (event as CustomEvent).detail as {
      msgId: string
      propagationSource: PeerId
      msg: { topic: string; data: Uint8Array }
    }
    const source = propagationSource.toString()
    const subscription = subscriptions.get(msg.topic)
    const from = learn(propagationSource)
    if (subscription === undefined || from === undefined) {
      return settle(msg.topic, { id, source }, { result: 'ignore', code: 'not-ours' })
    }
    if (msg.data.length > subscription.topic.maxMessageBytes) {
      return settle(msg.topic, { id, source }, { result: 'reject', code: 'too-long' })
    }
    if (!subscription.rate.take(source)) {
      penalties.add(source, FLOOD_POINTS)
      return settle(msg.topic, { id, source }, { result: 'ignore', code: 'flood' })
    }
    subscription.queue.push({ id, source, data: msg.data, from })
  }
  const send = async ({ topic, data }: HeldMessage) => {
    await pubsub.publish(topic, data)
    metrics.count('p2p_gossip_published_total', { topic: shortName(topic) })
  }
  // Published to nobody a message would count as seen, and repeating it later would reach nobody either.
  const held = createHeld({ limits: HELD, now }, (message) => {
    metrics.count('p2p_gossip_unsent_total', { topic: shortName(message.topic) })
  })
  const flushHeld = () => {
    for (const message of held.take((topic) => listenersOf(pubsub, topic) > 0))
      send(message).catch((error: unknown) => logger.warn('a held message was not sent', { error: String(error) }))
  }
  const subscriptionRate = createRate({ ...SUBSCRIPTION_RATE, maxKeys: limits.maxConnections, now })
  const onSubscriptions = (event: MessageEvent) => {
    const peer = ((event as CustomEvent).detail as { peerId: PeerId }).peerId.toString()
    if (subscriptionRate.take(peer)) return
    penalties.add(peer, FLOOD_POINTS)
    metrics.count('p2p_subscription_floods_total')
  }
  pubsub.addEventListener('gossipsub:message', onMessage)
  pubsub.addEventListener('subscription-change', onSubscriptions)
  for (const event of LISTENER_EVENTS) pubsub.addEventListener(event, flushHeld)

  return {
    async publish(topic, data) {
      const { maxMessageBytes } = knownTopic(known, topic)
      if (data.length > maxMessageBytes)
        throw new MeshError('message-too-long', `${topic}: ${data.length} bytes, ${maxMessageBytes} allowed`)
      // A copy: the caller's array may change before it is written to the last peer.
      const message = { topic, data: data.slice() }
      if (listenersOf(pubsub, topic) > 0) await send(message)
      else held.add(message)
    },
    subscribe(name, handler) {
      const topic = knownTopic(known, name)
      if (subscriptions.has(name)) throw new MeshError('already-subscribed', `${name} has a handler already`)
      const subscription: Subscription = {
        topic,
        handler,
        rate: createRate({
          perSecond: FLOOD_FACTOR * topic.messagesPerSecond,
          burst: Math.max(FLOOD_MIN_BURST, FLOOD_BURST_SECONDS * FLOOD_FACTOR * topic.messagesPerSecond),
          maxKeys: limits.maxConnections,
          now,
        }),
        queue: createTopicQueue<Arrived>(
          { capacity: topic.queueLength, concurrency: limits.topicConcurrency },
          (message) => judge(subscription, message),
          (message) => settle(name, message, { result: 'ignore', code: 'queue-full' }),
        ),
      }
      subscriptions.set(name, subscription)
      pubsub.subscribe(name)
      return () => {
        if (subscriptions.get(name) !== subscription) return
        subscriptions.delete(name)
        subscription.queue.close()
        pubsub.unsubscribe(name)
      }
    },
    close() {
      pubsub.removeEventListener('gossipsub:message', onMessage)
      pubsub.removeEventListener('subscription-change', onSubscriptions)
      for (const event of LISTENER_EVENTS) pubsub.removeEventListener(event, flushHeld)
      for (const { queue } of subscriptions.values()) queue.close()
      subscriptions.clear()
    },
  }
}

function withDefaults(topic: MeshTopic, limits: MeshLimits): Required<MeshTopic> {
  return {
    maxMessageBytes: limits.maxMessageBytes,
    queueLength: limits.topicQueueLength,
    messagesPerSecond: 1,
    ...topic,
  }
}

function knownTopic(known: ReadonlyMap<string, Required<MeshTopic>>, name: string): Required<MeshTopic> {
  const topic = known.get(name)
  if (topic === undefined)
    throw new MeshError('unknown-topic', `${name} is not among the topics the mesh was made with`)
  return topic
}

/** The verdict, or an ignore once it would be too late to be forwarded: the message may have left gossipsub's cache. */
async function within(timeoutMs: number, work: () => Promise<Verdict>): Promise<Verdict> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Verdict>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, IGNORED_LATE)
  })
  try {
    return await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}
