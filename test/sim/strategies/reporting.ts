/** Lies about measurements: invented, coordinated, copied, late, or with another secret. */
import { CodecError } from '../../../src/core/canonical-cbor.ts'
import { commitHashOf, hashIndexed } from '../../../src/core/hash-list.ts'
import { bytesToHex, type Hash32 } from '../../../src/core/ids.ts'
import { networkName } from '../../../src/core/network.ts'
import type { OracleNodePorts } from '../../../src/oracle/api.ts'
import { encodeSignature } from '../../../src/oracle/messages/attestation-signature.ts'
import { decodeCommit, encodeCommit } from '../../../src/oracle/messages/commit.ts'
import {
  decodeRevealHeader,
  encodeRevealHeader,
  type RevealHeaderMessage,
} from '../../../src/oracle/messages/reveal-header.ts'
import { protocolName } from '../../../src/oracle/requests/protocols.ts'
import type { Strategy, StrategyContext } from './behave.ts'
import { intercept } from './intercept.ts'

/** Reports without probing. */
export const inventor: Strategy = (ports, { random }) => ({
  ...ports,
  probe: {
    prepare: async () => {},
    probe: async () =>
      random.chance(0.5)
        ? { outcome: 'ok', ttfbMs: random.int(1, 5000), kbps: random.int(1, 1_000_000) }
        : { outcome: 'wrong-content', ttfbMs: random.int(1, 5000), kbps: 0 },
  },
})

/** All colluders say the same: the first unit fails, everything else is perfect. */
export const colluder: Strategy = (ports, { world }) => ({
  ...ports,
  probe: {
    prepare: async () => {},
    probe: async ({ unit }) =>
      unit.id === world.unitOf(0)
        ? { outcome: 'connect-timeout', ttfbMs: 0, kbps: 0 }
        : { outcome: 'ok', ttfbMs: 1, kbps: 1_000_000 },
  },
})

/** Sees each message of a topic before the engine does. */
function overhear(ports: OracleNodePorts, topic: string, hear: (bytes: Uint8Array) => void): OracleNodePorts {
  const below = ports.gossip
  return {
    ...ports,
    gossip: {
      publish: (t, bytes) => below.publish(t, bytes),
      subscribe: (t, handler) =>
        below.subscribe(t, (message) => {
          if (t === topic) tryHear(hear, message.data)
          return handler(message)
        }),
    },
  }
}

/** Other liars send garbage. */
function tryHear(hear: (bytes: Uint8Array) => void, bytes: Uint8Array): void {
  try {
    hear(bytes)
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
  }
}

async function resignReveal(context: StrategyContext, m: RevealHeaderMessage): Promise<Uint8Array> {
  const fields = { ...m, seenHash: hashIndexed(m.seen) }
  const signature = await context.self.signer.signDigest(context.world.digests.revealHeader(fields))
  return encodeRevealHeader({ ...fields, signature })
}

/** Sends another's commit as its own, and that one's batch and salt when they are revealed. */
export const copier: Strategy = (ports, context) => {
  const { world, self } = context
  const stolen = new Map<number, { index: number; commitHash: Hash32 }>()
  const opened = new Map<string, RevealHeaderMessage>()
  const waiting = new Map<number, (victim: RevealHeaderMessage) => void>()
  const hearsCommits = overhear(ports, networkName(world.domain, 'commit'), (bytes) => {
    const { epoch, index, commitHash } = decodeCommit(bytes)
    if (!stolen.has(epoch)) stolen.set(epoch, { index, commitHash })
  })
  const hearsBoth = overhear(hearsCommits, networkName(world.domain, 'reveal'), (bytes) => {
    const m = decodeRevealHeader(bytes)
    opened.set(`${m.epoch}/${m.index}`, m)
    if (stolen.get(m.epoch)?.index === m.index) waiting.get(m.epoch)?.(m)
  })
  return intercept(withoutPull(hearsBoth, context), context, {
    commit: async ({ message, send }) => {
      const victim = stolen.get(message.epoch)
      if (!victim) return
      const fields = { ...message, commitHash: victim.commitHash }
      send(encodeCommit({ ...fields, signature: await self.signer.signDigest(world.digests.commit(fields)) }))
    },
    reveal: async ({ message, send }) => {
      const victim = stolen.get(message.epoch)
      if (!victim) return
      const copy = async (theirs: RevealHeaderMessage) => {
        const seen = message.seen.map((entry) =>
          entry.index === message.index ? { index: entry.index, hash: victim.commitHash } : entry,
        )
        send(await resignReveal(context, { ...message, batchHash: theirs.batchHash, salt: theirs.salt, seen }))
      }
      const theirs = opened.get(`${message.epoch}/${victim.index}`)
      if (theirs) return copy(theirs)
      waiting.set(message.epoch, (m) => void copy(m))
    },
  })
}

/** Commits after every honest clock has closed the commits, before any honest reveal could have been sent. */
export const lateCommitter: Strategy = (ports, context) => {
  const { world } = context
  const epochMs = world.options.epochSeconds * 1000
  const wrapped = intercept(ports, context, {
    commit: ({ message, send, bytes }) => {
      const at = world.fromGenesis(message.epoch * epochMs + 0.6235 * epochMs)
      world.time.at(at, () => send(bytes))
    },
  })
  // Nor may anybody pull the commit before.
  return withoutPull(wrapped, context)
}

/** What the engine inside holds honestly is not for others to ask for. */
function withoutPull(ports: OracleNodePorts, { world }: StrategyContext): OracleNodePorts {
  const hidden = [protocolName(world.domain, 'round'), protocolName(world.domain, 'reveal')]
  const below = ports.requests
  return {
    ...ports,
    requests: {
      ...below,
      handle: (name, handler, limits) =>
        below.handle(name, hidden.includes(name) ? async () => undefined : handler, limits),
    },
  }
}

/** Reveals with a secret of its choice, which would let it choose what it probes. */
export const grinder: Strategy = (ports, context) =>
  intercept(withoutPull(ports, context), context, {
    reveal: async ({ message, send }) => {
      send(await resignReveal(context, { ...message, secret: bytesToHex(context.random.bytes(32)) }))
    },
  })

/** Commits and then decides whether to reveal. */
export const withholder: Strategy = (ports, context) =>
  intercept(ports, context, {
    reveal: ({ send, bytes }) => {
      if (context.random.chance(0.5)) send(bytes)
    },
  })

/** Reveals to a few only, and gives the batch to nobody else. */
export const selective: Strategy = (ports, context) => {
  const f = Math.floor((context.world.nodes.length - 1) / 3)
  const friends = context.random.sample(
    context.world.nodes.filter((n) => n !== context.self).map((n) => n.signer.address),
    f + 1,
  )
  const wrapped = intercept(ports, context, {
    reveal: ({ topic, bytes }) => context.gossip.publishTo(friends, topic, bytes),
  })
  const below = ports.requests
  return {
    ...wrapped,
    requests: {
      ...below,
      handle: (protocol, handler, limits) =>
        below.handle(
          protocol,
          async (body, from, signal) => (friends.includes(from) ? handler(body, from, signal) : undefined),
          limits,
        ),
    },
  }
}

/** Two commits, two headers, two roots: each half of the network sees another one. */
export const equivocator: Strategy = (ports, context) => {
  const { world, self, gossip } = context
  const other = new Map<number, { salt: Hash32 }>()
  return intercept(ports, context, {
    commit: async ({ message, bytes, topic }) => {
      const salt = bytesToHex(context.random.bytes(32))
      other.set(message.epoch, { salt })
      const fields = { ...message, commitHash: bytesToHex(context.random.bytes(32)) }
      const second = encodeCommit({ ...fields, signature: await self.signer.signDigest(world.digests.commit(fields)) })
      split(context, topic, bytes, second)
    },
    reveal: async ({ message, bytes, topic }) => {
      const salt = other.get(message.epoch)?.salt
      if (!salt) return gossip.publishTo(halvesOf(context)[0], topic, bytes)
      const own = commitHashOf(message.batchHash, salt, self.signer.address, message.epoch)
      const seen = message.seen.map((entry) => (entry.index === message.index ? { ...entry, hash: own } : entry))
      split(context, topic, bytes, await resignReveal(context, { ...message, salt, seen }))
    },
    signature: async ({ message, bytes, topic }) => {
      const header = { ...message.header, root: bytesToHex(context.random.bytes(32)) }
      const signature = await self.signer.signDigest(world.digests.attestation(header))
      split(context, topic, bytes, encodeSignature({ ...message, header, signature }))
    },
  })
}

function halvesOf(context: StrategyContext): [`0x${string}`[], `0x${string}`[]] {
  const others = context.world.nodes.filter((n) => n !== context.self).map((n) => n.signer.address)
  const first = context.random.sample(others, Math.floor(others.length / 2))
  return [first, others.filter((a) => !first.includes(a))]
}

function split(context: StrategyContext, topic: string, first: Uint8Array, second: Uint8Array): void {
  const [a, b] = halvesOf(context)
  context.gossip.publishTo(a, topic, first)
  context.gossip.publishTo(b, topic, second)
}
