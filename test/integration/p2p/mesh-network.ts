/** A mesh of real nodes on loopback TCP for tests and benchmarks, each knowing only the first one's address. */
import { randomBytes } from 'node:crypto'
import type { Domain } from '../../../src/core/eip712.ts'
import { type Logger, silentLogger } from '../../../src/core/ports/logger.ts'
import { type Metrics, noMetrics } from '../../../src/core/ports/metrics.ts'
import { createMesh } from '../../../src/p2p/mesh.ts'
import type { Mesh, MeshOptions } from '../../../src/p2p/types.ts'

export const DOMAIN: Domain = { chainId: 31337, orchestrator: '0x5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f' }

export interface NetworkOptions extends Partial<Pick<MeshOptions, 'topics' | 'limits' | 'listen' | 'transports'>> {
  logger?: Logger
  metrics?: Metrics
}

/** One node, started. */
export async function startMesh(
  bootstrap: readonly string[],
  options: NetworkOptions & Partial<MeshOptions> = {},
): Promise<Mesh> {
  const { logger = silentLogger, metrics = noMetrics, ...rest } = options
  const mesh = await createMesh(
    {
      domain: DOMAIN,
      privateKey: randomBytes(32),
      listen: ['/ip4/127.0.0.1/tcp/0'],
      bootstrap,
      topics: [],
      allowPrivateAddresses: true,
      ...rest,
    },
    { logger, metrics },
  )
  await mesh.start()
  return mesh
}

/** `count` nodes; the first is the bootstrap of all others, which start together. */
export async function startNetwork(count: number, options: NetworkOptions = {}): Promise<Mesh[]> {
  const first = await startMesh([], options)
  const others = await Promise.all(Array.from({ length: count - 1 }, () => startMesh(first.multiaddrs(), options)))
  return [first, ...others]
}

export async function stopAll(meshes: readonly Mesh[]): Promise<void> {
  await Promise.all(meshes.map((mesh) => mesh.stop()))
}
