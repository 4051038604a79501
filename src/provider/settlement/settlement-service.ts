/**
 * Turns attested leaves into money: once a root is final, the provider's running reservations are settled by its units'
 * leaves, each checked against the chain first. What is settled is only ever read from the chain, so a restart begins
 * where the chain stands.
 */
import { codeOf } from '../../core/errors.ts'
import type { Epoch, UnitId } from '../../core/ids.ts'
import { silentLogger } from '../../core/ports/logger.ts'
import type { MarketAttestation, MarketReceipt, MarketReservation, MarketUnit } from '../../core/ports/market.ts'
import { noMetrics } from '../../core/ports/metrics.ts'
import { type Split, splitOf } from '../../market/amounts.ts'
import { type Baselines, createBaselines } from '../../market/baselines.ts'
import { type CheckedLeaf, checkLeaf, provenLeaf } from '../../market/leaf-check.ts'
import { type PerBlock, perBlock } from '../../market/per-block.ts'
import { type Acceptance, createAcceptance } from './acceptance.ts'
import type { EarningsOfToken, SettlementEvents, SettlementOptions, SettlementPorts, SettlementService } from './api.ts'
import { earningsOf } from './earnings.ts'
import { createLeafShelf, type LeafShelf } from './leaf-shelf.ts'
import { type DueGroup, dueGroups, worthSettling } from './plan.ts'
import { describeFailure, idsOf, type Settlement, sendSettlements } from './send-settlements.ts'

export function createSettlementService(options: SettlementOptions, ports: SettlementPorts): SettlementService {
  return new ProviderSettlement(options, ports)
}

/** What one look at the chain found to settle, by the epoch of the root. */
interface Pass {
  ready: Map<Epoch, Settlement[]>
  /** Nothing is left that the next block could bring. */
  complete: boolean
}

type Listeners = { [E in keyof SettlementEvents]: Set<(value: SettlementEvents[E]) => void> }

class ProviderSettlement implements SettlementService {
  readonly #options: Required<SettlementOptions>
  readonly #ports: SettlementPorts
  readonly #shelf: LeafShelf
  readonly #baselines: Baselines
  readonly #blocks: PerBlock
  readonly #acceptance: Acceptance
  readonly #listeners: Listeners = { settled: new Set(), activated: new Set(), failed: new Set() }
  /** Epoch to which this process settled a reservation: the reader may be a block behind its own transaction. */
  readonly #settled = new Map<bigint, Epoch>()
  #unwatch: (() => void) | undefined
  /** The newest final epoch that a whole pass went through with nothing left to do again. */
  #doneEpoch: Epoch = -1

  constructor(options: SettlementOptions, ports: SettlementPorts) {
    this.#options = { minEarned: 0n, maxEpochs: 144, batchSize: 64, accept: () => true, ...options }
    this.#ports = ports
    this.#shelf = createLeafShelf(ports.store)
    this.#baselines = createBaselines(ports.market)
    this.#blocks = perBlock(
      ports.market,
      (signal) => this.#atBlock(signal),
      (error) => this.#log().error('settlement pass failed', { code: codeOf(error), message: messageOf(error) }),
    )
    this.#acceptance = createAcceptance(ports, this.#options.accept, (value) => this.#emit('activated', value))
  }

  async start(): Promise<void> {
    if (this.#unwatch) return
    this.#unwatch = this.#ports.market.watch((change) => {
      if (change.kind === 'reservation') this.#doneEpoch = -1
      if (change.kind === 'reorg') {
        this.#doneEpoch = -1
        this.#settled.clear()
        this.#baselines.forget()
      }
    })
    this.#blocks.start()
  }

  async stop(): Promise<void> {
    this.#unwatch?.()
    await Promise.all([this.#blocks.stop(), this.#acceptance.stop()])
  }

  async settleNow(): Promise<void> {
    this.#doneEpoch = -1
    await this.#blocks.once()
  }

  async earnings(signal: AbortSignal = new AbortController().signal): Promise<EarningsOfToken[]> {
    const { market, leaves } = this.#ports
    return earningsOf({ market, leaves, baselines: this.#baselines }, this.#options.provider, signal)
  }

  on<E extends keyof SettlementEvents>(event: E, listener: (value: SettlementEvents[E]) => void): () => void {
    this.#listeners[event].add(listener)
    return () => this.#listeners[event].delete(listener)
  }

  async #atBlock(signal: AbortSignal): Promise<void> {
    const { market } = this.#ports
    const units = market.units().filter((unit) => unit.terms.provider === this.#options.provider)
    for (const unit of units) if (!unit.autoAccept) this.#acceptance.look(unit.id)
    const newest = market.finalAttestation()
    if (!newest || newest.header.epoch === this.#doneEpoch) return
    // Set before, so that a change during the pass asks for another one.
    this.#doneEpoch = newest.header.epoch
    try {
      if (!(await this.#pass(units, newest, signal))) this.#doneEpoch = -1
    } catch (error) {
      this.#doneEpoch = -1
      throw error
    }
  }

  /** @returns whether nothing is left that the next block could bring. */
  async #pass(units: readonly MarketUnit[], newest: MarketAttestation, signal: AbortSignal): Promise<boolean> {
    const { market, writer } = this.#ports
    for (const id of this.#settled.keys()) if (market.reservation(id)?.status !== 'Active') this.#settled.delete(id)
    const pass: Pass = { ready: new Map(), complete: true }
    for (const unit of units) await this.#prepare(unit.id, newest, pass, signal)
    const hooks = { settled: this.#onSettled, failed: this.#onFailed }
    for (const [, settlements] of [...pass.ready].sort(([a], [b]) => a - b)) {
      const sent = await sendSettlements(writer, settlements, this.#options.batchSize, hooks, signal)
      pass.complete = sent && pass.complete
    }
    return pass.complete
  }

  /** Puts what the unit can settle now, and what pays to, with the others of the same root. */
  async #prepare(unitId: UnitId, newest: MarketAttestation, pass: Pass, signal: AbortSignal): Promise<void> {
    const groups = dueGroups(this.#ports.market, unitId, newest, this.#settled)
    for (const group of groups) {
      const { epoch } = group.attestation.header
      const leaf = await this.#leafOf(group, signal)
      if (!leaf) {
        this.#count('no-leaf')
        pass.complete = false
        continue
      }
      const due = await this.#dueOf(group, leaf, signal)
      if (due.length === 0 || !worthSettling(due, this.#options)) continue
      pass.ready.set(epoch, [...(pass.ready.get(epoch) ?? []), { leaf, due }])
    }
    const running = this.#ports.market.reservations({ unitId }).some(({ status }) => status === 'Active')
    const needed = running ? (groups[0]?.attestation.header.epoch ?? 0) : newest.header.epoch + 1
    await this.#shelf.dropBefore(unitId, needed)
  }

  /** From disk, or from whoever proves it; kept when it is the only one by which something can be settled. */
  async #leafOf(group: DueGroup, signal: AbortSignal): Promise<CheckedLeaf | undefined> {
    const { market } = this.#ports
    const { epoch, root } = group.attestation.header
    const kept = await this.#shelf.get(group.unitId, epoch)
    const checked = kept && checkLeaf(market, group.unitId, kept)
    if (checked && typeof checked !== 'string') return checked
    const onFlaw = (flaw: string) => {
      this.#count(flaw)
      this.#log().warn('leaf does not prove', { unitId: group.unitId, epoch, flaw })
    }
    const leaf = await provenLeaf({ ...this.#ports, onFlaw }, group.unitId, epoch, signal)
    if (leaf && group.reservations.some(({ endEpoch }) => endEpoch !== undefined && endEpoch <= epoch))
      await this.#shelf.put({ leaf: leaf.leaf, proof: leaf.proof, epoch, root })
    return leaf
  }

  async #dueOf(group: DueGroup, leaf: CheckedLeaf, signal: AbortSignal): Promise<Settlement['due']> {
    const due: { reservation: MarketReservation; split: Split }[] = []
    for (const reservation of group.reservations) {
      const baseline = await this.#baselines.of(reservation, signal)
      // Another era's leaf settles nothing: such a reservation closes by its escape.
      if (baseline.era !== leaf.leaf.era || leaf.leaf.epoch <= baseline.lastEpoch) continue
      const split = splitOf({ ...baseline, ratePerEpoch: reservation.ratePerEpoch }, leaf.leaf)
      due.push({ reservation, split })
    }
    return due
  }

  readonly #onSettled = (settlement: Settlement, { gasUsed }: MarketReceipt): void => {
    const { unitId, epoch } = settlement.leaf.leaf
    const reservationIds = idsOf(settlement)
    for (const id of reservationIds) this.#settled.set(id, epoch)
    const paid = settlement.due.reduce((sum, { split }) => sum + split.paid, 0n)
    const refunded = settlement.due.reduce((sum, { split }) => sum + split.refund, 0n)
    this.#count('settled')
    this.#log().info('settled', { unitId, epoch, reservations: reservationIds.length, paid, refunded, gasUsed })
    this.#emit('settled', { unitId, epoch, reservationIds, paid, refunded, gasUsed })
  }

  readonly #onFailed = (settlement: Settlement, error: unknown): void => {
    const { unitId, epoch } = settlement.leaf.leaf
    const { outcome, code, reason } = describeFailure(error)
    this.#count(outcome)
    const reservations = settlement.due.length
    this.#log().warn('not settled', { unitId, epoch, reservations, code, reason, message: messageOf(error) })
    this.#emit('failed', { unitId, epoch, code })
  }

  #emit<E extends keyof SettlementEvents>(event: E, value: SettlementEvents[E]): void {
    for (const listener of this.#listeners[event]) {
      try {
        listener(value)
      } catch (error) {
        this.#log().error('a settlement listener threw', { event, message: messageOf(error) })
      }
    }
  }

  #log() {
    return this.#ports.logger ?? silentLogger
  }

  #count(outcome: string): void {
    ;(this.#ports.metrics ?? noMetrics).count('settlements_total', { outcome })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
