/** Catching what the honest engine inside a byzantine node is about to publish. */

import { networkName } from '../../../src/core/network.ts'
import type { OracleNodePorts } from '../../../src/oracle/api.ts'
import { decodeSignature, type SignatureMessage } from '../../../src/oracle/messages/attestation-signature.ts'
import { type CommitMessage, decodeCommit } from '../../../src/oracle/messages/commit.ts'
import { decodeProposal, type ProposalMessage } from '../../../src/oracle/messages/proposal.ts'
import { decodeRevealHeader, type RevealHeaderMessage } from '../../../src/oracle/messages/reveal-header.ts'
import type { StrategyContext } from './behave.ts'

/** One message on its way out: `send` is how it would have gone, `topic` where. */
export interface Outgoing<M> {
  message: M
  bytes: Uint8Array
  topic: string
  /** The wrapper below, or the mesh. */
  send: (bytes: Uint8Array) => void
}

type Hook<M> = (out: Outgoing<M>) => void | Promise<void>

export interface Hooks {
  commit?: Hook<CommitMessage>
  reveal?: Hook<RevealHeaderMessage>
  proposal?: Hook<ProposalMessage>
  signature?: Hook<SignatureMessage>
}

const DECODE = {
  commit: decodeCommit,
  reveal: decodeRevealHeader,
  proposal: decodeProposal,
  signature: decodeSignature,
} as const

/** What has a hook goes to the hook instead of the mesh. */
export function intercept(ports: OracleNodePorts, context: StrategyContext, hooks: Hooks): OracleNodePorts {
  const { domain } = context.world
  const byTopic = new Map(
    (Object.keys(hooks) as (keyof Hooks)[]).map((name) => [networkName(domain, name), name] as const),
  )
  const below = ports.gossip
  return {
    ...ports,
    gossip: {
      subscribe: (topic, handler) => below.subscribe(topic, handler),
      publish: async (topic, bytes) => {
        const name = byTopic.get(topic)
        if (!name) return below.publish(topic, bytes)
        const out = {
          message: DECODE[name](bytes),
          bytes,
          topic,
          send: (b: Uint8Array) => void below.publish(topic, b),
        }
        await (hooks[name] as Hook<unknown>)(out)
      },
    },
  }
}
