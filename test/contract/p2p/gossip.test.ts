/** The libp2p adapter passes the gossip suite on loopback TCP. */
import { startNetwork, stopAll } from '../../integration/p2p/mesh-network.ts'
import { suite } from '../gossip.suite.ts'

suite('libp2p', async ({ nodes, topics }) => {
  const meshes = await startNetwork(nodes, { topics: topics.map((name) => ({ name })) })
  const signal = AbortSignal.timeout(20_000)
  await Promise.all(meshes.map((mesh) => mesh.waitForPeers(nodes - 1, signal)))
  return {
    nodes: meshes,
    async ready(topic, listeners) {
      await Promise.all(meshes.map((mesh) => mesh.waitForSubscribers(topic, listeners, signal)))
    },
    drive: (work) => work,
    close: () => stopAll(meshes),
  }
})
