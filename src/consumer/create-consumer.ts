/** The consumer: finds units, reserves, moves objects, and knows what it paid for. Ports behind it, no chain or network here. */
import { type Address, bytesToHex, type UnitId } from '../core/ids.ts'
import { silentLogger } from '../core/ports/logger.ts'
import type { MarketChange, MarketReceipt, MarketReservation, MarketUnit, ReserveTerms } from '../core/ports/market.ts'
import { noMetrics } from '../core/ports/metrics.ts'
import { activateReservation } from '../market/activation.ts'
import { ratePerEpoch, settlementKey } from '../market/amounts.ts'
import { createBaselines } from '../market/baselines.ts'
import { untilMarket } from '../market/changes.ts'
import type {
  Consumer,
  ConsumerOptions,
  ConsumerPorts,
  RankedUnit,
  ReservationMoney,
  ReservationView,
  ReserveRequest,
  UnitQuery,
} from './api.ts'
import { ConsumerError } from './errors.ts'
import { type MoneyModules, moneyOf, settlementOf } from './money.ts'
import type { ObjectTransfer, StoredObject, TransferOptions, UploadSource } from './object-transfer.ts'
import { closedBecause, freeBytes, type QueryModules, qualityOf, queryUnits } from './query.ts'
import { createRequestBook, type RequestBook } from './requests.ts'

export function createConsumer(options: ConsumerOptions, ports: ConsumerPorts): Consumer {
  return new MarketConsumer(options, ports)
}

class MarketConsumer implements Consumer {
  readonly account: Address
  readonly #ports: ConsumerPorts
  readonly #query: QueryModules
  readonly #money: MoneyModules
  readonly #requests: RequestBook
  readonly #abort = new AbortController()
  readonly #unwatch = new Set<() => void>()
  /** An allowance is one number: whoever sets it spends it before the next one does. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: ConsumerOptions, ports: ConsumerPorts) {
    const { market, leaves, writer, store } = ports
    this.account = writer.account
    this.#ports = ports
    const onFlaw = (flaw: string) => {
      ;(ports.metrics ?? noMetrics).count('consumer_leaf_flaws_total', { flaw })
      ;(ports.logger ?? silentLogger).warn('a leaf does not prove', { flaw })
    }
    const defaults = { freshEpochs: 3, concurrency: 8 }
    this.#query = { ...defaults, ...options, market, leaves, onFlaw }
    this.#money = { market, leaves, onFlaw, baselines: createBaselines(market) }
    this.#requests = createRequestBook(store)
    this.watch((change) => {
      if (change.kind === 'reorg') this.#money.baselines.forget()
    })
  }

  async units(query: UnitQuery = {}, signal?: AbortSignal): Promise<RankedUnit[]> {
    return queryUnits(this.#query, query, this.#until(signal))
  }

  async reserve(request: ReserveRequest, signal?: AbortSignal): Promise<ReservationView> {
    const until = this.#until(signal)
    const { market, writer, rng } = this.#ports
    const unit = this.#unit(request.unitId)
    const terms: ReserveTerms = {
      unitId: request.unitId,
      capacityBytes: request.capacityBytes,
      epochs: request.epochs,
      maxPricePerGibEpoch: request.maxPricePerGibEpoch ?? unit.terms.pricePerGibEpoch,
    }
    const requestId = request.requestId ?? bytesToHex(rng.bytes(16)).slice(2)
    let id = await this.#requests.open(requestId, terms)
    if (id === undefined) {
      await this.#check(unit, terms, until)
      id = await this.#inTurn(async () => {
        const cost = ratePerEpoch(unit.terms.pricePerGibEpoch, terms.capacityBytes) * BigInt(terms.epochs)
        await this.#allow(unit.terms.token, cost, until)
        return (await writer.reserve(terms, `reserve:${requestId}`, until)).id
      })
      await this.#requests.close(requestId, terms, id)
      this.#log('reserved', { reservationId: id, unitId: unit.id, bytes: terms.capacityBytes, epochs: terms.epochs })
    }
    const reserved = id
    return this.#view(await untilMarket(market, () => market.reservation(reserved), until))
  }

  async waitActive(id: bigint, signal?: AbortSignal): Promise<ReservationView> {
    const { market } = this.#ports
    const reservation = this.#own(id)
    const until = this.#until(signal)
    if (market.unit(reservation.unitId)?.autoAccept) {
      await activateReservation({ ...this.#ports, onFlaw: this.#query.onFlaw }, id, until)
    } else {
      await untilMarket(market, () => (this.#own(id).status === 'Held' ? undefined : true), until)
    }
    return this.#active(id)
  }

  async cancel(id: bigint, signal?: AbortSignal): Promise<MarketReceipt> {
    this.#own(id)
    return this.#ports.writer.cancel(id, `cancel:${id}`, this.#until(signal))
  }

  async extend(id: bigint, epochs: number, signal?: AbortSignal): Promise<ReservationView> {
    const until = this.#until(signal)
    const { endEpoch, ratePerEpoch, token } = this.#active(id)
    if (!Number.isSafeInteger(epochs) || epochs < 1)
      throw new ConsumerError('invalid-value', 'an extension has at least one epoch')
    const end = (endEpoch ?? 0) + epochs
    await this.#inTurn(async () => {
      await this.#allow(token, ratePerEpoch * BigInt(epochs), until)
      await this.#ports.writer.extend(id, epochs, `extend:${id}:${end}`, until)
    })
    return this.#shown(id, (now) => (now.endEpoch ?? 0) >= end, until)
  }

  async release(id: bigint, signal?: AbortSignal): Promise<ReservationView> {
    const until = this.#until(signal)
    const { endEpoch = 0 } = this.#active(id)
    await this.#ports.writer.release(id, `release:${id}`, until)
    return this.#shown(id, (now) => (now.endEpoch ?? 0) < endEpoch, until)
  }

  async upload(id: bigint, key: string, source: UploadSource, options: TransferOptions = {}): Promise<StoredObject> {
    this.#active(id)
    return this.#transfer().upload(id, key, source, this.#bound(options))
  }

  download(id: bigint, key: string, options: TransferOptions = {}): AsyncIterable<Uint8Array> {
    this.#own(id)
    return this.#transfer().download(id, key, this.#bound(options))
  }

  async list(id: bigint, options: TransferOptions & { prefix?: string } = {}): Promise<StoredObject[]> {
    this.#own(id)
    return this.#transfer().list(id, this.#bound(options))
  }

  async delete(id: bigint, key: string, options: TransferOptions = {}): Promise<void> {
    this.#active(id)
    await this.#transfer().delete(id, key, this.#bound(options))
  }

  reservations(): ReservationView[] {
    return this.#ports.market.reservations({ consumer: this.account }).map((reservation) => this.#view(reservation))
  }

  async money(id: bigint, signal?: AbortSignal): Promise<ReservationMoney> {
    const reservation = this.#own(id)
    const pending = await settlementOf(this.#money, reservation, this.#until(signal))
    return moneyOf(reservation, pending?.split)
  }

  async settle(id: bigint, signal?: AbortSignal): Promise<ReservationView> {
    const until = this.#until(signal)
    const due = await settlementOf(this.#money, this.#own(id), until)
    if (!due) throw new ConsumerError('nothing-to-settle', `reservation ${id} has no newer leaf that can be proven`)
    const { leaf, split } = due
    await this.#ports.writer.settle(leaf, [id], settlementKey(leaf.leaf.epoch, [id]), until)
    const settledTo = Math.min(leaf.leaf.epoch, (this.#own(id).lastEpoch ?? 0) + split.epochs)
    return this.#shown(id, (now) => (now.lastEpoch ?? 0) >= settledTo, until)
  }

  async escape(id: bigint, signal?: AbortSignal): Promise<ReservationView> {
    const until = this.#until(signal)
    const { escapeEpoch, lastEpoch } = this.#active(id)
    const { writer } = this.#ports
    if (escapeEpoch === undefined) await writer.openEscape(id, `open-escape:${id}:${lastEpoch}`, until)
    else await writer.executeEscape(id, `escape:${id}:${escapeEpoch}`, until)
    return this.#shown(id, (now) => escapeEpoch === undefined && now.escapeEpoch !== undefined, until)
  }

  async credit(token: Address, signal?: AbortSignal): Promise<bigint> {
    return this.#ports.market.credit(token, this.account, this.#until(signal))
  }

  async withdraw(token: Address, to: Address = this.account, signal?: AbortSignal): Promise<bigint> {
    return (await this.#ports.writer.withdraw(token, to, this.#until(signal))).amount
  }

  watch(listener: (change: MarketChange) => void): () => void {
    const unwatch = this.#ports.market.watch(listener)
    this.#unwatch.add(unwatch)
    return () => {
      this.#unwatch.delete(unwatch)
      unwatch()
    }
  }

  async stop(): Promise<void> {
    this.#abort.abort(new ConsumerError('stopped', 'the consumer was stopped'))
    for (const unwatch of this.#unwatch) unwatch()
    this.#unwatch.clear()
  }

  /** What the contract would refuse, and what only a proof can tell, before anything is paid. */
  async #check(unit: MarketUnit, terms: ReserveTerms, signal: AbortSignal): Promise<void> {
    if (terms.capacityBytes <= 0n || !Number.isSafeInteger(terms.epochs) || terms.epochs < 1)
      throw new ConsumerError('invalid-value', 'a reservation has at least one byte and one epoch')
    if (unit.terms.pricePerGibEpoch > terms.maxPricePerGibEpoch)
      throw new ConsumerError(
        'price-too-high',
        `unit ${unit.id} costs ${unit.terms.pricePerGibEpoch} per GiB and epoch`,
      )
    if (freeBytes(unit) < terms.capacityBytes)
      throw new ConsumerError('over-capacity', `unit ${unit.id} has ${freeBytes(unit)} bytes free`)
    const quality = await qualityOf(this.#query, unit, signal)
    const closed = closedBecause({ unit, quality }, terms.capacityBytes)
    if (closed) throw new ConsumerError('unit-closed', `unit ${unit.id} takes no reservation: ${closed}`)
    if (!quality?.fresh)
      throw new ConsumerError(
        'not-proven',
        `no leaf of unit ${unit.id} leads to a recent root: try again or ask others`,
      )
  }

  /** Lets the contract take what its credit of this account does not cover. */
  async #allow(token: Address, cost: bigint, signal: AbortSignal): Promise<void> {
    const credit = await this.#ports.market.credit(token, this.account, signal)
    if (cost > credit) await this.#ports.writer.approve(token, cost - credit, signal)
  }

  /** The reservation once this node's view shows it so, or shows that it ended. */
  async #shown(id: bigint, holds: (now: MarketReservation) => boolean, signal: AbortSignal): Promise<ReservationView> {
    const look = () => {
      const now = this.#own(id)
      return now.status !== 'Active' || holds(now) ? now : undefined
    }
    return this.#view(await untilMarket(this.#ports.market, look, signal))
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#turn.then(work)
    this.#turn = run.catch(() => {})
    return run
  }

  #unit(id: UnitId): MarketUnit {
    const unit = this.#ports.market.unit(id)
    if (!unit) throw new ConsumerError('unknown-unit', `no unit ${id} on chain`)
    return unit
  }

  #own(id: bigint): MarketReservation {
    const reservation = this.#ports.market.reservation(id)
    if (!reservation) throw new ConsumerError('unknown-reservation', `no reservation ${id} on chain`)
    if (reservation.consumer !== this.account)
      throw new ConsumerError('not-own', `reservation ${id} belongs to ${reservation.consumer}`)
    return reservation
  }

  #active(id: bigint): ReservationView {
    const reservation = this.#own(id)
    if (reservation.status !== 'Active')
      throw new ConsumerError('not-active', `reservation ${id} is ${reservation.status}, not Active`)
    return this.#view(reservation)
  }

  #transfer(): ObjectTransfer {
    if (!this.#ports.transfer) throw new ConsumerError('no-transfer', 'this consumer was made without transfers')
    return this.#ports.transfer
  }

  #view(reservation: MarketReservation): ReservationView {
    return { ...reservation, unit: this.#ports.market.unit(reservation.unitId) }
  }

  #until(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([this.#abort.signal, signal]) : this.#abort.signal
  }

  #bound<T extends TransferOptions>(options: T): T & { signal: AbortSignal } {
    return { ...options, signal: this.#until(options.signal) }
  }

  #log(message: string, fields: Parameters<typeof silentLogger.info>[1]): void {
    ;(this.#ports.logger ?? silentLogger).info(message, fields)
  }
}
