/** Proposers that censor, contradict themselves or build on nothing; certificates that are none. */
import { hashIndexed } from '../../../src/core/hash-list.ts'
import { bytesToHex } from '../../../src/core/ids.ts'
import type { OracleNodePorts } from '../../../src/oracle/api.ts'
import { encodeProposal, type ProposalMessage } from '../../../src/oracle/messages/proposal.ts'
import type { Strategy, StrategyContext } from './behave.ts'
import { intercept } from './intercept.ts'

async function resign({ world, self }: StrategyContext, m: ProposalMessage): Promise<Uint8Array> {
  const fields = { ...m, inputsHash: hashIndexed(m.inputs) }
  return encodeProposal({ ...fields, signature: await self.signer.signDigest(world.digests.proposal(fields)) })
}

/** Leaves an honest reporter out of every proposal of its own. */
export const censor: Strategy = (ports, context) => {
  const victim = context.world.nodes.find((node) => node.honest)
  return intercept(ports, context, {
    proposal: async ({ message, send }) => {
      const seats = context.world.chain.setOf(message.epoch).seats
      const index = seats.findIndex(({ node }) => node === victim?.signer.address)
      send(await resign(context, { ...message, inputs: message.inputs.filter((entry) => entry.index !== index) }))
    },
  })
}

/** Proposes one input set to half of the nodes and another one to the rest. */
export const twoFacedProposer: Strategy = (ports, context) =>
  intercept(ports, context, {
    proposal: async ({ message, bytes, topic }) => {
      const others = context.world.nodes.filter((n) => n !== context.self).map((n) => n.signer.address)
      const first = context.random.sample(others, Math.floor(others.length / 2))
      const rest = others.filter((a) => !first.includes(a))
      context.gossip.publishTo(first, topic, bytes)
      context.gossip.publishTo(rest, topic, await resign(context, { ...message, inputs: message.inputs.slice(1) }))
    },
  })

/** Proposes on a parent that nobody knows. */
export const wrongParent: Strategy = (ports, context) =>
  intercept(ports, context, {
    proposal: async ({ message, send }) => {
      send(await resign(context, { ...message, parentRoot: bytesToHex(context.random.bytes(32)) }))
    },
  })

/** Sends the chain certificates in which its own signature stands for others', or twice. */
export const falseBitmap: Strategy = (ports, context) =>
  intercept(ports, context, {
    signature: ({ message, bytes, send }) => {
      send(bytes)
      const { sink } = ports
      if (!sink) return
      const { n, quorum } = sizes(context, message.header.epoch)
      const everybody = Array.from({ length: n }, (_, index) => ({ index, signature: message.signature }))
      const twice = Array.from({ length: quorum }, () => ({ index: message.index, signature: message.signature }))
      const never = new AbortController().signal
      for (const signatures of [everybody.slice(0, quorum), twice, twice.slice(0, 1)])
        void sink.submit(message.header, signatures, never).catch(() => {})
    },
  })

function sizes({ world }: StrategyContext, epoch: number): { n: number; quorum: number } {
  const n = world.chain.setOf(epoch).seats.length
  return { n, quorum: Math.floor((n + Math.floor((n - 1) / 3)) / 2) + 1 }
}

/** Publishes nothing at all, yet listens and answers. */
export const silent: Strategy = (ports): OracleNodePorts => ({
  ...ports,
  gossip: { publish: async () => {}, subscribe: (topic, handler) => ports.gossip.subscribe(topic, handler) },
})
