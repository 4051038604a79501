/** Where this node's roles get proven leaves from: its own oracle engine first, then the oracles of the set. */
import type { UnitId } from '../../core/ids.ts'
import type { LeafSource, UnitLeafProof } from '../../core/ports/market.ts'
import { createLeafSource } from '../../market/leaf-source.ts'
import type { OracleNode } from '../../oracle/api.ts'
import { requestLeafProof } from '../../oracle/requests/proof.ts'
import type { Foundation } from '../foundation.ts'

const TIMEOUT_MS = 5_000

export function leavesOf(base: Foundation, oracle: OracleNode | undefined): LeafSource {
  const { mesh, chain, market, metrics } = base
  const modules = { requests: mesh.requests, domain: chain.domain }
  return createLeafSource(
    {},
    {
      ...{ market, metrics, logger: base.logger.child({ part: 'leaves' }) },
      ...(oracle && { local: (unitId: UnitId): UnitLeafProof | undefined => oracle.leafProof(unitId) }),
      ask: (peer, unitId, signal) => requestLeafProof(modules, peer, unitId, { timeoutMs: TIMEOUT_MS, signal }),
      peers: () => {
        const connected = new Set(mesh.requests.peers())
        const own = base.identity.signer.address
        return base.oracles().filter((node) => node !== own && connected.has(node))
      },
    },
  )
}
