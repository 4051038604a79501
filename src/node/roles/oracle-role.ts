/** The oracle: probes, agrees, attests, and registers other providers' units. */
import type { SignedOffer } from '../../core/advert/offer.ts'
import { secp256k1Scheme } from '../../core/crypto/secp256k1.ts'
import { createGrantClient } from '../../core/grants/grant-client.ts'
import type { LeafSource } from '../../core/ports/market.ts'
import { createOfferRelay } from '../../market/offer-relay.ts'
import { createPenaltyService } from '../../market/penalty-service.ts'
import type { OracleNode, OracleNodePorts } from '../../oracle/api.ts'
import { createOracleNode } from '../../oracle/node.ts'
import { createHttpClient } from '../../storage/http/client.ts'
import { createUnitProbe } from '../../storage/probe/unit-probe.ts'
import type { Foundation } from '../foundation.ts'
import { openHashChain } from '../identity.ts'
import type { NodeHooks } from '../run-node.ts'

export interface OracleRole {
  node: OracleNode
  /** Takes its turn in registering the unit. */
  relay(offer: SignedOffer): void
}

export async function startOracle(base: Foundation, hooks: NodeHooks, signal: AbortSignal): Promise<OracleRole> {
  const { clock, rng, store, chain, mesh, metrics, sink, identity, digests, closing, config } = base
  const { signer } = identity
  const epochMs = chain.clock.epochSeconds * 1_000
  const logger = base.logger.child({ part: 'probe' })
  const source = createGrantClient({
    ...{ requests: mesh.requests, signer, signatures: secp256k1Scheme, digests, clock },
    ...{ domain: chain.domain, epochClock: chain.clock },
  })
  // The window of probes is half an epoch long. Patience beyond twice the promised latency tells slow from gone.
  const idleMs = Math.min(10_000, epochMs / 4)
  const totalMs = Math.min(20_000, 0.35 * epochMs)
  const http = createHttpClient({
    allowPrivate: config.allowPrivateAddresses,
    connectMs: Math.min(10_000, epochMs / 8),
    idleMs,
    totalMs,
  })
  const ownProbe = createUnitProbe(
    { http, source, clock, logger, metrics },
    { totalMs, renewBeforeMs: Math.min(3_600_000, 6 * epochMs) },
  )
  const probe = hooks.wrapProbe?.(ownProbe) ?? ownProbe
  const ports: OracleNodePorts = {
    ...{ clock, rng, store, chain, sink, probe, signer, metrics },
    gossip: mesh.gossip,
    requests: mesh.requests,
    signatures: secp256k1Scheme,
    logger: base.logger.child({ part: 'oracle' }),
  }
  const hashChain = await openHashChain(config)
  const node = createOracleNode({ hashChain }, hooks.wrapOracle?.(ports) ?? ports)
  await node.start(signal)
  closing.add('oracle', () => node.stop())
  const relay = createOfferRelay(
    { node: signer.address, stageMs: config.relayStageMs },
    { ...{ clock, metrics, oracles: base.oracles }, market: base.market, writer: base.writer, logger: base.logger },
  )
  closing.add('offer relay', () => relay.stop())
  return { node, relay: (offer) => void relay.offer(offer) }
}

/** Brings attested losses and abandoned units to the contract; oracles take turns. */
export function startPenalties(base: Foundation, oracle: OracleNode, leaves: LeafSource): void {
  const { clock, market, writer, metrics, closing, config, identity } = base
  const suspects = () =>
    (oracle.state()?.unitLeaves() ?? []).filter((leaf) => leaf.lossIncidents > 0 || leaf.state === 'Removed')
  const penalties = createPenaltyService(
    { node: identity.signer.address, stageMs: config.relayStageMs },
    {
      ...{ clock, market, writer, metrics, leaves, suspects, oracles: base.oracles },
      logger: base.logger.child({ part: 'penalties' }),
    },
  )
  penalties.start()
  closing.add('penalties', () => penalties.stop())
}
