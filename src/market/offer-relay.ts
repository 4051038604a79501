/**
 * Bringing providers' gossiped offers on chain. Any oracle may; they take turns in an order that the unit's id gives, each
 * looking at the chain first, so that one of them pays and the others find it done. Nothing is kept over a restart: the
 * provider repeats its offer until the unit is there, and the contract takes it once.
 */

import type { SignedOffer } from '../core/advert/offer.ts'
import { unitIdOf } from '../core/eip712.ts'
import { codeOf } from '../core/errors.ts'
import { type Address, bytesToHex, type Hash32, hexToBytes, type UnitId } from '../core/ids.ts'
import { keccak256 } from '../core/keccak.ts'
import { silentLogger } from '../core/ports/logger.ts'
import { MarketError } from '../core/ports/market.ts'
import { noMetrics } from '../core/ports/metrics.ts'
import type { OfferReception, OfferRelay, OfferRelayOptions, OfferRelayPorts } from './api.ts'

/** An offer that expires before its transaction is likely in a block is not worth sending. */
const MIN_REST_SECONDS = 10

interface Waiting {
  offer: SignedOffer
  cancel: () => void
  attempts: number
  done: Promise<'on-chain' | 'given-up'>
  finish: (outcome: 'on-chain' | 'given-up') => void
}

/** Position of `node` among the oracles for this unit: ascending by `keccak256(unitId ‖ node)`; −1 when it is none. */
export function turnOf(unitId: UnitId, node: Address, oracles: readonly Address[]): number {
  const rank = (address: Address): Hash32 => {
    const bytes = new Uint8Array(52)
    bytes.set(hexToBytes(unitId))
    bytes.set(hexToBytes(address), 32)
    return bytesToHex(keccak256(bytes))
  }
  if (!oracles.includes(node)) return -1
  const own = rank(node)
  return oracles.reduce((before, other) => before + (rank(other) < own ? 1 : 0), 0)
}

export function createOfferRelay(options: OfferRelayOptions, ports: OfferRelayPorts): OfferRelay {
  return new StagedOfferRelay(options, ports)
}

class StagedOfferRelay implements OfferRelay {
  readonly #options: Required<OfferRelayOptions>
  readonly #ports: OfferRelayPorts
  readonly #waiting = new Map<UnitId, Waiting>()
  readonly #running = new Set<Promise<void>>()
  readonly #abort = new AbortController()
  readonly #unwatch: () => void

  constructor(options: OfferRelayOptions, ports: OfferRelayPorts) {
    this.#options = { stageMs: 4_000, queueLength: 256, retrySeconds: 30, ...options }
    this.#ports = ports
    this.#unwatch = ports.market.watch((change) => {
      if (change.kind === 'unit') this.#whenRegistered(change.unitId)
    })
  }

  offer(offer: SignedOffer): OfferReception {
    const reception = this.#receive(offer)
    this.#count(reception)
    return reception
  }

  settled(unitId: UnitId): Promise<'on-chain' | 'given-up'> {
    const waiting = this.#waiting.get(unitId)
    return waiting ? waiting.done : Promise.resolve(this.#ports.market.unit(unitId) ? 'on-chain' : 'given-up')
  }

  pending(): number {
    return this.#waiting.size
  }

  async stop(): Promise<void> {
    this.#abort.abort(new MarketError('stopped', 'the relay was stopped'))
    this.#unwatch()
    for (const unitId of [...this.#waiting.keys()]) this.#finish(unitId, 'given-up')
    await Promise.allSettled(this.#running)
  }

  #receive(offer: SignedOffer): OfferReception {
    const { market, clock } = this.#ports
    const unitId = unitIdOf(offer.terms.provider, offer.terms.nonce)
    if (market.unit(unitId) || this.#waiting.has(unitId)) return 'known'
    if (this.#expired(offer)) return 'expired'
    if (!market.operatorOf(offer.terms.provider)) return 'unregistered-provider'
    const turn = turnOf(unitId, this.#options.node, this.#ports.oracles())
    if (turn < 0) return 'not-an-oracle'
    if (this.#abort.signal.aborted || this.#waiting.size >= this.#options.queueLength) return 'full'
    const { promise, resolve } = Promise.withResolvers<'on-chain' | 'given-up'>()
    const waiting: Waiting = { offer, attempts: 0, done: promise, finish: resolve, cancel: () => {} }
    this.#waiting.set(unitId, waiting)
    this.#schedule(unitId, waiting, clock.now() + turn * this.#options.stageMs)
    return 'queued'
  }

  #schedule(unitId: UnitId, waiting: Waiting, atMs: number): void {
    waiting.cancel = this.#ports.clock.schedule(atMs, () => {
      const run = this.#relay(unitId, waiting).finally(() => this.#running.delete(run))
      this.#running.add(run)
    })
  }

  async #relay(unitId: UnitId, waiting: Waiting): Promise<void> {
    const { market, writer } = this.#ports
    const { offer } = waiting
    if (market.unit(unitId) || this.#expired(offer)) {
      this.#finish(unitId, market.unit(unitId) ? 'on-chain' : 'given-up')
      return
    }
    try {
      const receipt = await writer.registerUnitFor(offer.terms, offer.deadline, offer.signature, this.#abort.signal)
      this.#count('relayed')
      this.#log().info('unit registered', { unitId, provider: offer.terms.provider, tx: receipt.txHash })
      this.#expect(unitId, waiting)
    } catch (error) {
      this.#failed(unitId, waiting, error)
    }
  }

  #failed(unitId: UnitId, waiting: Waiting, error: unknown): void {
    if (this.#abort.signal.aborted) return
    const reason = error instanceof MarketError ? error.reason : undefined
    // Another oracle's transaction was in the same block, or a moment ahead.
    if (reason === 'UnitExists') {
      this.#expect(unitId, waiting)
      return
    }
    const refused = error instanceof MarketError && error.code === 'refused'
    waiting.attempts += 1
    this.#count(refused ? 'refused' : 'failed')
    this.#log().warn('offer not registered', {
      unitId,
      code: codeOf(error),
      reason,
      message: error instanceof Error ? error.message : String(error),
    })
    if (refused || waiting.attempts > 1) this.#finish(unitId, 'given-up')
    else this.#schedule(unitId, waiting, this.#ports.clock.now() + this.#options.retrySeconds * 1000)
  }

  /** It is on chain; this node's own view may be a block behind, and until then the offer stays known here. */
  #expect(unitId: UnitId, waiting: Waiting): void {
    if (!this.#waiting.has(unitId)) return
    if (this.#ports.market.unit(unitId)) this.#finish(unitId, 'on-chain')
    else
      waiting.cancel = this.#ports.clock.schedule(waiting.offer.deadline * 1000, () => this.#finish(unitId, 'given-up'))
  }

  #whenRegistered(unitId: UnitId): void {
    if (this.#waiting.has(unitId) && this.#ports.market.unit(unitId)) this.#finish(unitId, 'on-chain')
  }

  #finish(unitId: UnitId, outcome: 'on-chain' | 'given-up'): void {
    const waiting = this.#waiting.get(unitId)
    if (!waiting) return
    this.#waiting.delete(unitId)
    waiting.cancel()
    waiting.finish(outcome)
  }

  #expired(offer: SignedOffer): boolean {
    return offer.deadline * 1000 < this.#ports.clock.now() + MIN_REST_SECONDS * 1000
  }

  #log() {
    return this.#ports.logger ?? silentLogger
  }

  #count(outcome: OfferReception | 'relayed' | 'refused' | 'failed'): void {
    ;(this.#ports.metrics ?? noMetrics).count('relay_units_total', { outcome })
  }
}
