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
  /** Leaves of older roots that this node kept: those that settle what has ended. */
  archive?: (unitId: UnitId, epoch: Epoch) => Promise<UnitLeafProof | undefined>
  /** Asks one peer for such a leaf. */
  askArchive?: (peer: Address, unitId: UnitId, epoch: Epoch, signal: AbortSignal) => Promise<UnitLeafProof | undefined>
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
  /** Peers one after the other, until one proves. */
  const fromPeers = async (
    unitId: UnitId,
    epoch: Epoch | undefined,
    request: (peer: Address) => Promise<UnitLeafProof | undefined>,
    signal: AbortSignal,
  ) => {
    for (const peer of (ports.peers?.() ?? []).slice(0, maxPeers)) {
      signal.throwIfAborted()
      try {
        const proof = usable('peer', unitId, epoch, await request(peer))
        if (proof) return proof
      } catch (error) {
        signal.throwIfAborted()
        count('peer', 'failed')
        const message = error instanceof Error ? error.message : String(error)
        ;(ports.logger ?? silentLogger).debug('a peer gave no leaf', { peer, unitId, message })
      }
    }
    return undefined
  }
  return {
    async unitProof(unitId, epoch, signal) {
      const own = ports.local && usable('local', unitId, epoch, ports.local(unitId))
      if (own) return own
      const newest = market.latestAttestation()?.header.epoch ?? 0
      if (epoch !== undefined && epoch < newest) {
        const kept = ports.archive && usable('archive', unitId, epoch, await ports.archive(unitId, epoch))
        if (kept) return kept
        const { askArchive } = ports
        if (askArchive) {
          const old = await fromPeers(unitId, epoch, (peer) => askArchive(peer, unitId, epoch, signal), signal)
          if (old) return old
        }
      }
      return ask && fromPeers(unitId, epoch, (peer) => ask(peer, unitId, signal), signal)
    },
  }
}
