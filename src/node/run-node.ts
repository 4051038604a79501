/** One light node: foundation, roles, HTTP API. Everything that is started here is stopped in reverse order. */
import { startApi } from '../api/http/server.ts'
import type { Chain } from '../chain/api.ts'
import type { Consumer } from '../consumer/api.ts'
import type { Address } from '../core/ids.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { UnitProbe } from '../core/ports/unit-probe.ts'
import type { OracleNode, OracleNodePorts } from '../oracle/api.ts'
import type { SettlementService } from '../provider/settlement/api.ts'
import type { NodeConfig, Role } from './config.ts'
import { type Foundation, openFoundation } from './foundation.ts'
import { createNodeView } from './node-view.ts'
import { startCatalogue, startOfferIntake } from './roles/catalogue-role.ts'
import { leavesOf } from './roles/leaves.ts'
import { startSelfCheck } from './self-check.ts'
import { VERSION } from './version.ts'

/** Seams for those who compose a node themselves. */
export interface NodeHooks {
  /** Stands between the oracle and its probe. */
  wrapProbe?: (probe: UnitProbe) => UnitProbe
  /** Stands between the oracle and everything else. */
  wrapOracle?: (ports: OracleNodePorts) => OracleNodePorts
}

export interface RunningNode {
  address: Address
  peerId: string
  roles: readonly Role[]
  multiaddrs: readonly string[]
  apiUrl: string
  /** S3 endpoints of this node's own disk units. */
  endpoints: readonly { kind: string; url: string }[]
  chain: Chain
  oracle: OracleNode | undefined
  settlement: SettlementService | undefined
  consumer: Consumer | undefined
  /** True once an oracle of the set is connected; false when the signal comes first. */
  connected(signal: AbortSignal): Promise<boolean>
  /** Aborted when the node can't go on, e.g. because another process took its key. */
  failed: AbortSignal
  stop(): Promise<void>
}

/** @throws {ConfigError} and whatever a part can't start for; nothing is left running then. */
export async function startNode(
  config: NodeConfig,
  logger: Logger,
  signal: AbortSignal,
  hooks: NodeHooks = {},
): Promise<RunningNode> {
  const base = await openFoundation(config, logger, signal)
  try {
    const node = await startRoles(base, hooks, signal)
    base.logger.info('node started', { address: node.address, peerId: node.peerId, roles: node.roles.join() })
    return node
  } catch (error) {
    await base.closing.close()
    throw error
  }
}

async function startRoles(base: Foundation, hooks: NodeHooks, signal: AbortSignal): Promise<RunningNode> {
  const { config, mesh, identity, chain, closing } = base
  // Roles are loaded by who has them: an oracle needs no vendor's SDK, a consumer no scoring.
  const has = (role: Role) => config.roles.includes(role)
  const oracleRole = has('oracle') ? await import('./roles/oracle-role.ts') : undefined
  const oracle = await oracleRole?.startOracle(base, hooks, signal)
  const catalogue = await startCatalogue(base, (id) => oracle?.node.leafProof(id)?.leaf)
  const intake = startOfferIntake(base, (offer) => oracle?.relay(offer))
  const leaves = leavesOf(base, oracle?.node)
  if (oracle) oracleRole?.startPenalties(base, oracle.node, leaves)
  const provider = has('provider')
    ? await (await import('./roles/provider-role.ts')).startProvider(base, { catalogue, intake, leaves }, signal)
    : undefined
  const consumer = has('consumer') ? (await import('./roles/consumer-role.ts')).startConsumer(base, leaves) : undefined
  const view = createNodeView(base, oracle?.node)
  const api = await startApi({ host: config.apiHost, port: config.apiPort, version: VERSION }, view)
  closing.add('api', () => api.close())
  await startSelfCheck(base, signal)
  return {
    address: identity.signer.address,
    peerId: mesh.peerId,
    roles: config.roles,
    multiaddrs: mesh.multiaddrs(),
    apiUrl: api.url,
    endpoints: provider?.endpoints ?? [],
    chain,
    oracle: oracle?.node,
    settlement: provider?.settlement,
    consumer,
    connected: (signal) => oracleConnected(base, signal),
    failed: identity.leaseLost,
    stop: () => closing.close(),
  }
}

function oracleConnected({ mesh, oracles }: Foundation, signal: AbortSignal): Promise<boolean> {
  const there = () => {
    const set = new Set(oracles())
    return mesh.requests.peers().some((peer) => set.has(peer))
  }
  if (there()) return Promise.resolve(true)
  if (signal.aborted) return Promise.resolve(false)
  return new Promise((resolve) => {
    const done = (is: boolean) => {
      unwatch()
      signal.removeEventListener('abort', onAbort)
      resolve(is)
    }
    const onAbort = () => done(false)
    const unwatch = mesh.watchPeers(() => there() && done(true))
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
