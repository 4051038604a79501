/**
 * A unit takes reservations once the contract knows its attested state. Anyone may bring that in; whoever earns by it does:
 * the provider applies the leaf that lets its unit in, at its admission and after each suspension.
 */
import { codeOf } from '../../core/errors.ts'
import type { Address, Epoch } from '../../core/ids.ts'
import { type Logger, silentLogger } from '../../core/ports/logger.ts'
import {
  type LeafSource,
  type MarketAttestation,
  MarketError,
  type MarketReader,
  type MarketUnit,
  type MarketWriter,
} from '../../core/ports/market.ts'
import { type Metrics, noMetrics } from '../../core/ports/metrics.ts'
import { takesReservations } from '../../market/activation.ts'
import { provenLeaf } from '../../market/leaf-check.ts'
import { perBlock } from '../../market/per-block.ts'

export interface AdmissionOptions {
  /** Node key address: whose units are looked after. */
  provider: Address
}

export interface AdmissionPorts {
  market: MarketReader
  writer: MarketWriter
  leaves: LeafSource
  logger?: Logger
  metrics?: Metrics
}

export interface AdmissionService {
  start(): void
  stop(): Promise<void>
}

/** The contract would take reservations of this unit if it knew a better leaf. */
function shutOut(unit: MarketUnit): boolean {
  return unit.status !== 'Retired' && (unit.status === 'Pending' || !takesReservations(unit.attestedState))
}

export function createAdmissionService(options: AdmissionOptions, ports: AdmissionPorts): AdmissionService {
  const { market, writer } = ports
  const log = ports.logger ?? silentLogger
  const count = (outcome: string) => (ports.metrics ?? noMetrics).count('provider_admissions_total', { outcome })
  /** Newest epoch whose leaf was looked at, by unit; units are few. */
  const tried = new Map<string, Epoch>()

  const admit = async (unit: MarketUnit, { header }: MarketAttestation, signal: AbortSignal) => {
    const leaf = await provenLeaf(ports, unit.id, header.epoch, signal)
    if (!leaf) return
    tried.set(unit.id, header.epoch)
    if (!takesReservations(leaf.leaf.state)) return
    try {
      await writer.applyState(leaf, `state:${unit.id}:${header.epoch}`, signal)
      count('applied')
      log.info('unit admitted', { unitId: unit.id, epoch: header.epoch, state: leaf.leaf.state })
    } catch (error) {
      signal.throwIfAborted()
      const refused = error instanceof MarketError && error.code === 'refused'
      if (!refused) tried.delete(unit.id)
      count(refused ? 'refused' : 'failed')
      const message = error instanceof Error ? error.message : String(error)
      log.warn('attested state not applied', { unitId: unit.id, epoch: header.epoch, code: codeOf(error), message })
    }
  }
  const blocks = perBlock(
    market,
    async (signal) => {
      const newest = market.finalAttestation()
      if (!newest) return
      for (const unit of market.units()) {
        if (unit.terms.provider !== options.provider || !shutOut(unit)) continue
        if ((tried.get(unit.id) ?? -1) < newest.header.epoch) await admit(unit, newest, signal)
      }
    },
    (error) => log.error('admission pass failed', { code: codeOf(error) }),
  )
  return { start: () => blocks.start(), stop: () => blocks.stop() }
}
