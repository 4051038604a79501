/**
 * Where this node's roles get proven leaves from: its own oracle engine first, then the oracles of the set; leaves of older
 * roots that settle what has ended from an oracle's archive.
 */
import type { Epoch, UnitId } from '../../core/ids.ts'
import type { LeafSource, UnitLeafProof } from '../../core/ports/market.ts'
import { createLeafArchive, requestClosingLeaf } from '../../market/leaf-archive.ts'
import { createLeafSource } from '../../market/leaf-source.ts'
import type { OracleNode } from '../../oracle/api.ts'
import { requestLeafProof } from '../../oracle/requests/proof.ts'
import type { Foundation } from '../foundation.ts'

const TIMEOUT_MS = 5_000

export function leavesOf(base: Foundation, oracle: OracleNode | undefined): LeafSource {
  const { mesh, chain, market, metrics } = base
  const modules = { requests: mesh.requests, domain: chain.domain }
  const local = oracle && ((unitId: UnitId): UnitLeafProof | undefined => oracle.leafProof(unitId))
  const archive = local && startArchive(base, local)
  return createLeafSource(
    {},
    {
      ...{ market, metrics, logger: base.logger.child({ part: 'leaves' }) },
      ...(local && { local }),
      ...(archive && { archive }),
      ask: (peer, unitId, signal) => requestLeafProof(modules, peer, unitId, { timeoutMs: TIMEOUT_MS, signal }),
      askArchive: (peer, unitId, epoch, signal) =>
        requestClosingLeaf(modules, peer, unitId, epoch, { timeoutMs: TIMEOUT_MS, signal }),
      peers: () => {
        const connected = new Set(mesh.requests.peers())
        const own = base.identity.signer.address
        return base.oracles().filter((node) => node !== own && connected.has(node))
      },
    },
  )
}

/** Only who has states has leaves to keep: every oracle does, for everybody. */
function startArchive(base: Foundation, local: (unitId: UnitId) => UnitLeafProof | undefined) {
  const { market, metrics, mesh, chain, store, closing } = base
  const own: LeafSource = { unitProof: async (unitId) => local(unitId) }
  const archive = createLeafArchive({
    ...{ market, metrics, store, leaves: own, requests: mesh.requests, domain: chain.domain },
    logger: base.logger.child({ part: 'leaf archive' }),
  })
  archive.start()
  closing.add('leaf archive', () => archive.stop())
  return (unitId: UnitId, epoch: Epoch) => archive.get(unitId, epoch)
}
