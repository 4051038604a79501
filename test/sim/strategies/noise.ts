/** Floods: garbage, fragments of real messages, and senseless requests. */
import { networkName } from '../../../src/core/network.ts'
import { protocolName } from '../../../src/oracle/requests/protocols.ts'
import type { Strategy } from './behave.ts'

const TOPICS = ['commit', 'reveal', 'proposal', 'signature'] as const
const PROTOCOLS = ['round', 'reveal', 'batch', 'bundle', 'snapshot', 'proof'] as const
/** Pieces of garbage for each message of its own. */
const FLOOD = 4

export const spammer: Strategy = (ports, { world, random, gossip }) => {
  const below = ports.gossip
  const noise = (real: Uint8Array): Uint8Array => {
    if (random.chance(0.3)) return random.bytes(random.int(0, 300))
    const broken = real.slice(0, random.int(1, real.length))
    broken[random.int(0, broken.length - 1)]! ^= 1 << random.int(0, 7)
    return broken
  }
  const others = () => ports.requests.peers()
  return {
    ...ports,
    gossip: {
      subscribe: (topic, handler) => below.subscribe(topic, handler),
      publish: async (topic, bytes) => {
        await below.publish(topic, bytes)
        for (let i = 0; i < FLOOD; i++) {
          gossip.publishTo(others(), networkName(world.domain, random.pick(TOPICS)), noise(bytes))
          const peers = others()
          if (peers.length === 0) continue
          const protocol = protocolName(world.domain, random.pick(PROTOCOLS))
          const options = { timeoutMs: 1000, maxResponseBytes: 1024 }
          void ports.requests.request(random.pick(peers), protocol, noise(bytes), options).catch(() => {})
        }
      },
    },
  }
}
