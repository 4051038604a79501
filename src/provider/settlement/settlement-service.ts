/**
 * Turns attested leaves into money: once a root is final, the provider's running reservations are settled by its units'
 * leaves, each checked against the chain first. What is settled is only ever read from the chain, so a restart begins
 * where the chain stands.
 */
import { codeOf } from '../../core/errors.ts'
import type { Epoch, UnitId } from '../../core/ids.ts'
import { silentLogger } from '../../core/ports/logger.ts'
import { type MarketAttestation, MarketError, type MarketReservation } from '../../core/ports/market.ts'
import { noMetrics } from '../../core/ports/metrics.ts'
import { type Split, settlementKey, splitOf } from '../../market/amounts.ts'
import { type Baselines, createBaselines } from '../../market/baselines.ts'
import { type CheckedLeaf, checkLeaf, provenLeaf } from '../../market/leaf-check.ts'
import { type PerBlock, perBlock } from '../../market/per-block.ts'
import { type Acceptance, createAcceptance } from './acceptance.ts'
import type { EarningsOfToken, SettlementEvents, SettlementOptions, SettlementPorts, SettlementService } from './api.ts'
import { earningsOf } from './earnings.ts'
import { createLeafShelf, type LeafShelf } from './leaf-shelf.ts'
import { batchesOf, type DueGroup, dueGroups, worthSettling } from './plan.ts'

export function createSettlementService(options: SettlementOptions, ports: SettlementPorts): SettlementService {
  return new ProviderSettlement(options, ports)
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
    this.#doneEpoch = newest.header.epoch
    for (const id of this.#settled.keys()) if (market.reservation(id)?.status !== 'Active') this.#settled.delete(id)
    let complete = true
    for (const unit of units) complete = (await this.#settleUnit(unit.id, newest, signal)) && complete
    if (!complete) this.#doneEpoch = -1
  }

  /** @returns whether nothing is left that the next block could bring. */
  async #settleUnit(unitId: UnitId, newest: MarketAttestation, signal: AbortSignal): Promise<boolean> {
    const groups = dueGroups(this.#ports.market, unitId, newest, this.#settled)
    let complete = true
    for (const group of groups) {
      const leaf = await this.#leafOf(group, signal)
      if (!leaf) {
        this.#count('no-leaf')
        complete = false
        continue
      }
      complete = (await this.#settleGroup(group, leaf, signal)) && complete
    }
    const running = this.#ports.market.reservations({ unitId }).some(({ status }) => status === 'Active')
    const needed = complete && !running ? newest.header.epoch + 1 : (groups[0]?.attestation.header.epoch ?? 0)
    await this.#shelf.dropBefore(unitId, needed)
    return complete
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

  async #settleGroup(group: DueGroup, leaf: CheckedLeaf, signal: AbortSignal): Promise<boolean> {
    const due: { reservation: MarketReservation; split: Split }[] = []
    for (const reservation of group.reservations) {
      const baseline = await this.#baselines.of(reservation, signal)
      // Another era's leaf settles nothing: such a reservation closes by its escape.
      if (baseline.era !== leaf.leaf.era || leaf.leaf.epoch <= baseline.lastEpoch) continue
      const split = splitOf({ ...baseline, ratePerEpoch: reservation.ratePerEpoch }, leaf.leaf)
      due.push({ reservation, split })
    }
    const splits = due.map(({ split }) => split)
    if (due.length === 0 || !worthSettling(splits, this.#options)) return true
    let complete = true
    for (const batch of batchesOf(due, this.#options.batchSize))
      complete = (await this.#send(leaf, batch, signal)) && complete
    return complete
  }

  /** One transaction; when the contract refuses it, halves, so that one reservation can't hold up the others. */
  async #send(
    leaf: CheckedLeaf,
    batch: readonly { reservation: MarketReservation; split: Split }[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const ids = batch.map(({ reservation }) => reservation.id)
    const { unitId, epoch } = leaf.leaf
    try {
      const receipt = await this.#ports.writer.settle(leaf, ids, settlementKey(unitId, epoch, ids), signal)
      for (const id of ids) this.#settled.set(id, epoch)
      const paid = batch.reduce((sum, { split }) => sum + split.paid, 0n)
      const refunded = batch.reduce((sum, { split }) => sum + split.refund, 0n)
      this.#count('settled')
      this.#log().info('settled', { unitId, epoch, reservations: ids.length, paid, refunded, gasUsed: receipt.gasUsed })
      this.#emit('settled', { unitId, epoch, reservationIds: ids, paid, refunded, gasUsed: receipt.gasUsed })
      return true
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof MarketError && error.code === 'refused' && batch.length > 1) {
        const half = Math.ceil(batch.length / 2)
        const first = await this.#send(leaf, batch.slice(0, half), signal)
        return (await this.#send(leaf, batch.slice(half), signal)) && first
      }
      return this.#failed(leaf, ids, error)
    }
  }

  /** @returns true for a refusal: only a newer root, or a change of the reservation, gives another answer. */
  #failed(leaf: CheckedLeaf, ids: readonly bigint[], error: unknown): boolean {
    const { unitId, epoch } = leaf.leaf
    const refused = error instanceof MarketError && error.code === 'refused'
    const code = codeOf(error)
    this.#count(refused ? 'refused' : 'failed')
    this.#log().warn('not settled', {
      unitId,
      epoch,
      reservations: ids.length,
      code,
      reason: error instanceof MarketError ? error.reason : undefined,
      message: messageOf(error),
    })
    this.#emit('failed', { unitId, epoch, code })
    return refused
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
