/**
 * The copier's mesh: the first commit it hears goes out again under its own signature, and so does that author's reveal. A
 * commit binds its author's address, so that nobody takes the copied reveal.
 */
import { createDigests } from '../src/core/eip712.ts'
import { hashIndexed } from '../src/core/hash-list.ts'
import type { Epoch } from '../src/core/ids.ts'
import { networkName } from '../src/core/network.ts'
import type { OracleNodePorts } from '../src/oracle/api.ts'
import { type CommitMessage, decodeCommit, encodeCommit } from '../src/oracle/messages/commit.ts'
import {
  decodeRevealHeader,
  encodeRevealHeader,
  type RevealHeaderMessage,
} from '../src/oracle/messages/reveal-header.ts'
import { protocolName } from '../src/oracle/requests/protocols.ts'

/** Epochs that are remembered; a round is over within three. */
const KEEP_EPOCHS = 4

/** One epoch: what it would have sent itself, and what it heard of its victim. */
interface Theft {
  ownCommit?: CommitMessage
  ownReveal?: RevealHeaderMessage
  commit?: CommitMessage
  reveals: Map<number, RevealHeaderMessage>
  sent: Set<'commit' | 'reveal'>
}

/** Stands between an honest engine and its mesh. */
export function copying(ports: OracleNodePorts): OracleNodePorts {
  const { gossip, requests, signer, chain, logger } = ports
  const digests = createDigests(chain.domain)
  const topics = { commit: networkName(chain.domain, 'commit'), reveal: networkName(chain.domain, 'reveal') }
  const thefts = new Map<Epoch, Theft>()

  const theftOf = (epoch: Epoch): Theft => {
    const known = thefts.get(epoch)
    if (known) return known
    const theft: Theft = { reveals: new Map(), sent: new Set() }
    thefts.set(epoch, theft)
    if (thefts.size > KEEP_EPOCHS) thefts.delete(Math.min(...thefts.keys()))
    return theft
  }
  const copyCommit = async ({ ownCommit, commit, sent }: Theft) => {
    if (!ownCommit || !commit || sent.has('commit')) return
    sent.add('commit')
    const fields = { ...ownCommit, commitHash: commit.commitHash }
    const signature = await signer.signDigest(digests.commit(fields))
    await gossip.publish(topics.commit, encodeCommit({ ...fields, signature }))
  }
  const copyReveal = async ({ ownReveal, commit, reveals, sent }: Theft) => {
    const theirs = commit && reveals.get(commit.index)
    if (!ownReveal || !theirs || sent.has('reveal')) return
    sent.add('reveal')
    const seen = ownReveal.seen.map((entry) =>
      entry.index === ownReveal.index ? { index: entry.index, hash: commit.commitHash } : entry,
    )
    const { batchHash, salt } = theirs
    const fields = { ...ownReveal, batchHash, salt, seen, seenHash: hashIndexed(seen) }
    const signature = await signer.signDigest(digests.revealHeader(fields))
    await gossip.publish(topics.reveal, encodeRevealHeader({ ...fields, signature }))
    logger?.info('copied a reveal', { epoch: fields.epoch, victim: theirs.index })
  }
  /** Called after the engine has accepted the message: it is somebody's own. */
  const hear = async (topic: string, bytes: Uint8Array) => {
    if (topic === topics.commit) {
      const message = decodeCommit(bytes)
      const theft = theftOf(message.epoch)
      theft.commit ??= message
      await copyCommit(theft)
    } else if (topic === topics.reveal) {
      const message = decodeRevealHeader(bytes)
      const theft = theftOf(message.epoch)
      theft.reveals.set(message.index, message)
      await copyReveal(theft)
    }
  }
  const publish = async (topic: string, bytes: Uint8Array) => {
    if (topic === topics.commit) {
      const message = decodeCommit(bytes)
      const theft = theftOf(message.epoch)
      theft.ownCommit = message
      return copyCommit(theft)
    }
    if (topic === topics.reveal) {
      const message = decodeRevealHeader(bytes)
      const theft = theftOf(message.epoch)
      theft.ownReveal = message
      return copyReveal(theft)
    }
    return gossip.publish(topic, bytes)
  }
  // Its own commit and reveal must not reach anybody who pulls what gossip did not bring.
  const hidden = [protocolName(chain.domain, 'round'), protocolName(chain.domain, 'reveal')]
  return {
    ...ports,
    gossip: {
      publish,
      subscribe: (topic, handler) =>
        gossip.subscribe(topic, async (message) => {
          const verdict = await handler(message)
          if (verdict.result === 'accept') await hear(topic, message.data)
          return verdict
        }),
    },
    requests: {
      request: (peer, protocol, body, options) => requests.request(peer, protocol, body, options),
      peers: () => requests.peers(),
      handle: (protocol, handler, limits) =>
        requests.handle(protocol, hidden.includes(protocol) ? async () => undefined : handler, limits),
    },
  }
}
