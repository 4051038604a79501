/**
 * A provider's units on their way to the market: the terms are signed once for each stretch of validity, gossiped until an
 * oracle has registered them, and advertised from then on.
 */

import { type SignedOffer, signOffer } from '../../core/advert/offer.ts'
import { unitIdOf } from '../../core/eip712.ts'
import { codeOf, LightmeshError } from '../../core/errors.ts'
import type { UnitId } from '../../core/ids.ts'
import { silentLogger } from '../../core/ports/logger.ts'
import { noMetrics } from '../../core/ports/metrics.ts'
import type { UnitTerms } from '../../core/units.ts'
import { untilMarket } from '../../market/changes.ts'
import type { OfferService, OfferServiceOptions, OfferServicePorts } from './api.ts'

export class OfferError extends LightmeshError<'wrong-provider' | 'duplicate-unit'> {
  override readonly name = 'OfferError'
}

/** An offer is signed anew when less of its validity than this is left: time for an oracle's turn and a few blocks. */
const RENEW_FRACTION = 4

interface OfferedUnit {
  id: UnitId
  terms: UnitTerms
  offer: SignedOffer | undefined
  cancel: () => void
}

/** @throws {OfferError} when the terms are another provider's, or name a unit twice. */
export function createOfferService(options: OfferServiceOptions, ports: OfferServicePorts): OfferService {
  const units = options.units.map((terms): OfferedUnit => {
    if (terms.provider !== ports.signer.address)
      throw new OfferError('wrong-provider', `terms of ${terms.provider}, but the node key is ${ports.signer.address}`)
    return { id: unitIdOf(terms.provider, terms.nonce), terms, offer: undefined, cancel: () => {} }
  })
  if (new Set(units.map((unit) => unit.id)).size !== units.length)
    throw new OfferError('duplicate-unit', 'two units of one provider need different nonces')
  return new GossipedOffers(units, options, ports)
}

class GossipedOffers implements OfferService {
  readonly unitIds: readonly UnitId[]
  readonly #units: readonly OfferedUnit[]
  readonly #options: Required<Omit<OfferServiceOptions, 'units'>>
  readonly #ports: OfferServicePorts
  readonly #running = new Set<Promise<void>>()
  #unwatch: (() => void) | undefined
  #stopped = false

  constructor(units: readonly OfferedUnit[], options: OfferServiceOptions, ports: OfferServicePorts) {
    this.#units = units
    this.unitIds = units.map((unit) => unit.id)
    this.#options = { offerSeconds: 3_600, offerEveryMs: 5_000, advertEveryMs: 60_000, ...options }
    this.#ports = ports
  }

  start(): void {
    if (this.#unwatch || this.#stopped) return
    // The first advert goes out as soon as the unit is on chain: nobody can probe it before.
    this.#unwatch = this.#ports.market.watch((change) => {
      if (change.kind !== 'unit') return
      const unit = this.#units.find(({ id }) => id === change.unitId)
      if (unit?.offer && this.#ports.market.unit(unit.id)) this.#soon(unit)
    })
    for (const unit of this.#units) this.#soon(unit)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#unwatch?.()
    for (const unit of this.#units) unit.cancel()
    await Promise.allSettled(this.#running)
  }

  async registered(signal: AbortSignal): Promise<void> {
    const { market } = this.#ports
    await untilMarket(market, () => (this.unitIds.every((id) => market.unit(id)) ? true : undefined), signal)
  }

  #soon(unit: OfferedUnit): void {
    this.#schedule(unit, this.#ports.clock.now())
  }

  #schedule(unit: OfferedUnit, atMs: number): void {
    unit.cancel()
    if (this.#stopped) return
    unit.cancel = this.#ports.clock.schedule(atMs, () => {
      const run = this.#publish(unit).finally(() => this.#running.delete(run))
      this.#running.add(run)
    })
  }

  async #publish(unit: OfferedUnit): Promise<void> {
    const { market, clock } = this.#ports
    const onChain = market.unit(unit.id)
    const what = onChain ? 'advert' : 'offer'
    this.#schedule(unit, clock.now() + (onChain ? this.#options.advertEveryMs : this.#options.offerEveryMs))
    // Probes and reservations of a retired unit are over: nothing is left to say about it.
    if (onChain?.status === 'Retired') {
      unit.cancel()
      return
    }
    try {
      if (onChain) {
        unit.offer = undefined
        await this.#ports.publishAdvert(unit.id)
      } else {
        await this.#ports.publishOffer(await this.#offer(unit))
      }
      this.#count(what, 'sent')
    } catch (error) {
      this.#count(what, 'failed')
      const message = error instanceof Error ? error.message : String(error)
      const log = this.#ports.logger ?? silentLogger
      log.warn('unit not announced', { unitId: unit.id, what, code: codeOf(error), message })
    }
  }

  /** The offer that holds now; the same bytes while it does, so that repeating it is cheap for everybody. */
  async #offer(unit: OfferedUnit): Promise<SignedOffer> {
    const { signer, digests, clock } = this.#ports
    const nowSeconds = Math.floor(clock.now() / 1000)
    const rest = unit.offer ? unit.offer.deadline - nowSeconds : 0
    if (unit.offer && rest * RENEW_FRACTION > this.#options.offerSeconds) return unit.offer
    const deadline = nowSeconds + this.#options.offerSeconds
    unit.offer = await signOffer(digests, signer, unit.terms, deadline)
    return unit.offer
  }

  #count(what: string, outcome: string): void {
    ;(this.#ports.metrics ?? noMetrics).count('provider_announcements_total', { what, outcome })
  }
}
