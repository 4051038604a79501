/** gossipsub's configuration: the one file that imports it (docs/adr/0001-gossipsub-package.md). */
import { createHash } from 'node:crypto'
import { type GossipSub, gossipsub, StrictNoSign, TopicValidatorResult } from '@libp2p/gossipsub'
import type { Verdict } from '../core/ports/gossip.ts'
import type { MeshLimits } from './limits.ts'
import { deriveScore, THRESHOLDS } from './score-params.ts'
import type { MeshTopic } from './types.ts'

/** What the adapter needs of the service; the last three are public members of its class that its type leaves out. */
export interface PubSub
  extends Pick<
    GossipSub,
    'publish' | 'subscribe' | 'unsubscribe' | 'getSubscribers' | 'addEventListener' | 'removeEventListener'
  > {
  reportMessageValidationResult(messageId: string, source: string, acceptance: TopicValidatorResult): void
  getScore(peer: string): number
  readonly streamsOutbound: ReadonlyMap<string, unknown>
}

/**
 * Peers that listen on the topic and can be sent to: a subscription may arrive a moment before our own stream to that
 * peer is open, and what is published then counts as seen without having gone anywhere.
 */
export function listenersOf(pubsub: PubSub, topic: string): number {
  let count = 0
  for (const peer of pubsub.getSubscribers(topic)) if (pubsub.streamsOutbound.has(peer.toString())) count++
  return count
}

/** Events after which `listenersOf` may have changed; the heartbeat (1 s) stands for an opened stream, which has none. */
export const LISTENER_EVENTS = ['subscription-change', 'gossipsub:graft', 'gossipsub:heartbeat'] as const

export interface PubSubOptions {
  topics: readonly MeshTopic[]
  sharedIp: boolean
  limits: MeshLimits
  /** Score from outside gossipsub (requests, floods); 0 or negative. */
  penalty(peer: string): number
}

const RESULTS: Record<Verdict['result'], TopicValidatorResult> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
}

export function report(pubsub: PubSub, messageId: string, source: string, result: Verdict['result']): void {
  pubsub.reportMessageValidationResult(messageId, source, RESULTS[result])
}

/** Over topic and bytes: the same bytes on two topics are two messages, and nothing outside them can make a second id. */
export function messageId(topic: string, data: Uint8Array): Uint8Array {
  return createHash('sha256').update(`${topic.length}:${topic}`).update(data).digest().subarray(0, 20)
}

export function pubsubService({ topics, sharedIp, limits, penalty }: PubSubOptions) {
  const rates = Object.fromEntries(topics.map(({ name, messagesPerSecond }) => [name, messagesPerSecond ?? 1]))
  const names = topics.map(({ name }) => name)
  const create = gossipsub({
    globalSignaturePolicy: StrictNoSign,
    msgIdFn: ({ topic, data }) => messageId(topic, data),
    msgIdToStrFn: (id) => Buffer.from(id).toString('base64'),
    fallbackToFloodsub: false,
    // Everyone hears the author at once; costs one send more per peer and message of our own, saves a hop for all.
    floodPublish: true,
    emitSelf: false,
    asyncValidation: true,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    doPX: false,
    allowedTopics: names,
    // gossipsub charges a topic's length and 1 KiB; four times what all allowed topics need.
    maxTopicBytesPerPeer: 4 * names.reduce((sum, name) => sum + name.length + 1_024, 0),
    maxInboundDataLength: limits.maxRpcBytes,
    maxOutboundBufferSize: limits.maxGossipOutboundBytes,
    maxInboundStreams: 2,
    maxOutboundStreams: 2,
    decodeRpcLimits: {
      maxSubscriptions: 2 * names.length,
      maxMessages: 256,
      maxIhaveMessageIDs: 2_000,
      maxIwantMessageIDs: 2_000,
      maxIdontwantMessageIDs: 512,
      maxControlMessages: 4 * names.length,
      maxPeerInfos: 0,
    },
    scoreParams: {
      ...deriveScore(rates, sharedIp),
      appSpecificScore: penalty,
      IPColocationFactorWhitelist: new Set<string>(),
    },
    scoreThresholds: THRESHOLDS,
  })
  return create as (...components: Parameters<typeof create>) => GossipSub & PubSub
}
