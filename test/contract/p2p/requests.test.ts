/** The libp2p adapter passes the requests suite on loopback TCP. */
import { startNetwork, stopAll } from '../../integration/p2p/mesh-network.ts'
import { suite } from '../requests.suite.ts'

suite('libp2p', async (nodes) => {
  const meshes = await startNetwork(nodes)
  const signal = AbortSignal.timeout(20_000)
  await Promise.all(meshes.map((mesh) => mesh.waitForPeers(nodes - 1, signal)))
  return { nodes: meshes, drive: (work) => work, close: () => stopAll(meshes) }
})
