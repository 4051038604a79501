/**
 * Where leaves come from: this node's own state first, then peers one after the other. An answer that does not prove is
 * nobody's answer: the next peer is asked.
 */
import type { Address, Epoch, UnitId } from '../core/ids.ts'
import { type Logger, silentLogger } from '../core/ports/logger.ts'
import type { LeafSource, MarketReader, UnitLeafProof } from '../core/ports/market.ts'
import { type Metrics, noMetrics } from '../core/ports/metrics.ts'
import { checkLeaf } from './leaf-check.ts'

export interface LeafSourceOptions {
  /** Peers that are asked for one leaf, at the most. @default 4 */
  maxPeers?: number
}

export interface LeafSourcePorts {
  market: MarketReader
  /** The node's own oracle engine: its newest final state. */
  local?: (unitId: UnitId) => UnitLeafProof | undefined
  /** Asks one peer for its newest leaf of the unit. */
  ask?: (peer: Address, unitId: UnitId, signal: AbortSignal) => Promise<UnitLeafProof | undefined>
  /** Whom to ask, best first: oracles have what is attested. */
  peers?: () => readonly Address[]
  logger?: Logger
  metrics?: Metrics
}

export function createLeafSource(options: LeafSourceOptions, ports: LeafSourcePorts): LeafSource {
  const { market, ask } = ports
  const maxPeers = options.maxPeers ?? 4
  const count = (from: string, outcome: string) =>
    (ports.metrics ?? noMetrics).count('market_leaves_total', { from, outcome })

  /** The proof when it is what was asked for and leads to a root on chain. */
  const usable = (from: string, unitId: UnitId, epoch: Epoch | undefined, proof: UnitLeafProof | undefined) => {
    if (!proof || (epoch !== undefined && proof.leaf.epoch !== epoch)) {
      count(from, 'missing')
      return undefined
    }
    const checked = checkLeaf(market, unitId, proof)
    count(from, typeof checked === 'string' ? checked : 'proven')
    return typeof checked === 'string' ? undefined : proof
  }
  return {
    async unitProof(unitId, epoch, signal) {
      const own = ports.local && usable('local', unitId, epoch, ports.local(unitId))
      if (own || !ask) return own
      for (const peer of (ports.peers?.() ?? []).slice(0, maxPeers)) {
        signal.throwIfAborted()
        try {
          const proof = usable('peer', unitId, epoch, await ask(peer, unitId, signal))
          if (proof) return proof
        } catch (error) {
          signal.throwIfAborted()
          count('peer', 'failed')
          const message = error instanceof Error ? error.message : String(error)
          ;(ports.logger ?? silentLogger).debug('a peer gave no leaf', { peer, unitId, message })
        }
      }
      return undefined
    },
  }
}
