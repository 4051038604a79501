/**
 * The market on a chain in memory: the contract's rules for units, reservations, roots and settlement, one block for each
 * transaction. The integration tests hold the real contract to the same stories.
 */
import { unitIdOf } from '../../../src/core/eip712.ts'
import { type Address, bytesToHex, type Epoch, type Hash32, type UnitId, ZERO_HASH } from '../../../src/core/ids.ts'
import { keccak256Hex } from '../../../src/core/keccak.ts'
import { type UnitLeaf, unitLeafHash } from '../../../src/core/leaves.ts'
import { MerkleTree, rootOfProof } from '../../../src/core/merkle.ts'
import {
  type LeafSource,
  type MarketAttestation,
  type MarketChange,
  MarketError,
  type MarketReader,
  type MarketReceipt,
  type MarketReservation,
  type MarketUnit,
  type MarketWriter,
  type ProvenLeaf,
  type ReservationBaseline,
  type UnitLeafProof,
} from '../../../src/core/ports/market.ts'
import type { UnitTerms } from '../../../src/core/units.ts'
import { address, rootOfMultiProof } from './fixture.ts'

export { address, leafOf, TOKEN, termsOf } from './fixture.ts'

export const CONFIRMATIONS = 2n
export const DISPUTE_EPOCHS = 3

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export class MarketTwin implements MarketReader {
  block = 1n
  /** Calls of all writers in their order, by label. */
  readonly calls: string[] = []
  /** Set to make the next calls fail. */
  fault: MarketError | undefined
  readonly providers = new Map<Address, Address>()
  readonly credits = new Map<Address, bigint>()
  readonly #units = new Map<UnitId, Mutable<MarketUnit>>()
  readonly #reservations = new Map<bigint, Mutable<MarketReservation>>()
  readonly #baselines = new Map<bigint, ReservationBaseline>()
  readonly #attestations: MarketAttestation[] = []
  readonly #proofs = new Map<string, UnitLeafProof>()
  readonly #listeners = new Set<(change: MarketChange) => void>()
  readonly #losses = new Map<UnitId, { noticed: number; slashed: number; from: Epoch }>()
  readonly #abandoned = new Set<UnitId>()
  readonly #refusals = new Map<bigint, string>()
  readonly #done = new Map<string, MarketReceipt & { id: bigint }>()

  unit = (id: UnitId) => this.#units.get(id)
  units = () => [...this.#units.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  reservation = (id: bigint) => this.#reservations.get(id)
  reservations = (filter: { consumer?: Address; unitId?: UnitId } = {}) =>
    [...this.#reservations.values()].filter(
      (r) =>
        (filter.consumer === undefined || r.consumer === filter.consumer) &&
        (filter.unitId === undefined || r.unitId === filter.unitId),
    )
  attestation = (epoch: Epoch) => this.#attestations.find(({ header }) => header.epoch === epoch)
  latestAttestation = () => this.#attestations.at(-1)
  finalAttestation = () => this.#attestations.findLast(({ blockNumber }) => blockNumber + CONFIRMATIONS <= this.block)
  operatorOf = (provider: Address) => this.providers.get(provider)
  watch = (listener: (change: MarketChange) => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
  baseline = async (id: bigint) => this.#baselines.get(id)!
  credit = async (_token: Address, account: Address) => this.credits.get(account) ?? 0n
  tokenBalance = async () => 0n

  get watchers(): number {
    return this.#listeners.size
  }

  /** Every leaf that was ever attested, as an honest node would prove it. */
  readonly leaves: LeafSource = {
    unitProof: async (unitId, epoch) =>
      this.#proofs.get(`${unitId}/${epoch ?? this.latestAttestation()?.header.epoch}`),
  }

  mine(blocks = 1, ...changes: MarketChange[]): void {
    for (let i = 0; i < blocks; i++) {
      this.block += 1n
      if (i === 0) for (const change of changes) this.#tell(change)
      this.#tell({ kind: 'head', block: this.block })
    }
  }

  addUnit(terms: UnitTerms, fields: Partial<MarketUnit> = {}): UnitId {
    const id = unitIdOf(terms.provider, terms.nonce)
    const operator = this.providers.get(terms.provider) ?? address(0xff)
    this.providers.set(terms.provider, operator)
    this.#units.set(id, {
      id,
      terms,
      operator,
      status: 'Active',
      termsHash: ZERO_HASH,
      attestedState: 'Active',
      stateEpoch: 0,
      autoAccept: true,
      reservedBytes: 0n,
      ...fields,
    })
    this.mine(1, { kind: 'unit', unitId: id })
    return id
  }

  changeUnit(id: UnitId, fields: Partial<MarketUnit>): void {
    Object.assign(this.#units.get(id)!, fields)
    this.mine(1, { kind: 'unit', unitId: id })
  }

  /** Settling this reservation is refused until the returned function is called. */
  refuseSettling(id: bigint, reason: string): () => void {
    this.#refusals.set(id, reason)
    return () => this.#refusals.delete(id)
  }

  /** Puts a root over these leaves on chain; deep enough once two more blocks are mined. */
  attest(epoch: Epoch, leaves: readonly UnitLeaf[]): void {
    const sorted = [...leaves].sort((a, b) => (a.unitId < b.unitId ? -1 : 1))
    const tree = new MerkleTree(sorted.map(unitLeafHash))
    const before = this.latestAttestation()
    const { root } = tree
    sorted.forEach((leaf, k) => {
      this.#proofs.set(`${leaf.unitId}/${epoch}`, { leaf, proof: tree.proof(k), epoch, root })
    })
    const header = {
      epoch,
      setId: 1,
      attempt: 0,
      parentRoot: before?.header.root ?? ZERO_HASH,
      root,
      unitCount: leaves.length,
      inputsHash: ZERO_HASH,
      paramsHash: ZERO_HASH,
      evaluatorVersion: 1,
    }
    this.#attestations.push({
      header,
      prevEpoch: before?.header.epoch,
      ringPrevEpoch: before?.header.epoch ?? 0,
      era: leaves[0]!.era,
      blockNumber: this.block + 1n,
      blockTimestamp: epoch,
      txHash: ZERO_HASH,
    })
    this.mine(1, { kind: 'attestation', epoch })
  }

  /** The same, and as deep as it has to be. */
  finalize(epoch: Epoch, leaves: readonly UnitLeaf[]): void {
    this.attest(epoch, leaves)
    this.mine(Number(CONFIRMATIONS))
  }

  writer(account: Address): MarketWriter {
    const send = (label: string, name: string | undefined, run: () => bigint): MarketReceipt & { id: bigint } => {
      // A sender knows its own transactions only.
      const key = name === undefined ? undefined : `${account} ${name}`
      const before = key === undefined ? undefined : this.#done.get(key)
      if (before) return before
      this.calls.push(label)
      if (this.fault) throw this.fault
      const id = run()
      const receipt = {
        txHash: keccak256Hex(new TextEncoder().encode(`${this.block}`)),
        blockNumber: this.block,
        gasUsed: 21_000n,
        id,
      }
      if (key !== undefined) this.#done.set(key, receipt)
      return receipt
    }
    return {
      account,
      approve: async () => {},
      reserve: async (terms, key) =>
        send('reserve', key, () => {
          const unit = this.#units.get(terms.unitId)!
          const available = unit.terms.capacityBytes - unit.reservedBytes
          if (terms.capacityBytes > available) refuse('CapacityExceeded')
          if (unit.terms.pricePerGibEpoch > terms.maxPricePerGibEpoch) refuse('PriceTooHigh')
          const ratePerEpoch = (unit.terms.pricePerGibEpoch * terms.capacityBytes + (1n << 30n) - 1n) >> 30n
          const id = BigInt(this.#reservations.size + 1)
          unit.reservedBytes += terms.capacityBytes
          this.#reservations.set(id, {
            id,
            unitId: terms.unitId,
            consumer: account,
            token: unit.terms.token,
            status: 'Held',
            capacityBytes: terms.capacityBytes,
            epochs: terms.epochs,
            ratePerEpoch,
            deposited: ratePerEpoch * BigInt(terms.epochs),
            lastEpoch: undefined,
            endEpoch: undefined,
            paid: 0n,
            refunded: 0n,
            escapeEpoch: undefined,
          })
          this.mine(1, { kind: 'reservation', id })
          return id
        }),
      activate: async (id, proven, key) =>
        send('activate', key, () => {
          const r = this.#reservations.get(id)!
          const unit = this.#prove(proven)
          if (r.status !== 'Held') refuse('WrongStatus')
          if (proven.leaf.epoch !== this.latestAttestation()?.header.epoch) refuse('StaleBaseline')
          if (!unit.autoAccept && account !== unit.terms.provider) refuse('NotAllowed')
          const { epoch, paidBpsSum, era } = proven.leaf
          Object.assign(r, { status: 'Active', lastEpoch: epoch, endEpoch: epoch + r.epochs })
          this.#baselines.set(id, { lastEpoch: epoch, endEpoch: epoch + r.epochs, paidBpsSum, era })
          this.mine(1, { kind: 'reservation', id })
          return id
        }),
      settle: async (proven, ids, key) =>
        send(`settle ${proven.leaf.epoch}: ${ids.join()}`, key, () => {
          this.#prove(proven)
          for (const id of ids) this.#checkSettle(id, proven)
          for (const id of ids) this.#settle(id, proven)
          this.mine(1, ...ids.map((id) => ({ kind: 'reservation', id }) as const))
          return 0n
        }),
      settleMany: async ({ settlements, proof, flags, ringPrevEpoch }, key) =>
        send(`settle ${settlements.map(({ leaf, ids }) => `${leaf.epoch}: ${ids.join()}`).join('; ')}`, key, () => {
          const { epoch } = settlements[0]!.leaf
          const root = rootOfMultiProof(
            settlements.map(({ leaf }) => bytesToHex(unitLeafHash(leaf))),
            proof,
            flags,
          )
          const attestation = this.attestation(epoch)
          if (attestation?.header.root !== root || attestation.ringPrevEpoch !== ringPrevEpoch) refuse('UnknownRoot')
          const each = settlements.flatMap(({ leaf, ids }) =>
            ids.map((id) => ({ id, proven: { leaf, proof: [], ringPrevEpoch } })),
          )
          for (const { id, proven } of each) this.#checkSettle(id, proven)
          for (const { id, proven } of each) this.#settle(id, proven)
          this.mine(1, ...each.map(({ id }) => ({ kind: 'reservation', id }) as const))
          return 0n
        }),
      applyState: async (proven, key) =>
        send('applyState', key, () => {
          const unit = this.#prove(proven)
          if (proven.leaf.epoch <= unit.stateEpoch) refuse('StaleState')
          this.changeUnit(unit.id, {
            attestedState: proven.leaf.state,
            stateEpoch: proven.leaf.epoch,
            status: 'Active',
          })
          return 0n
        }),
      noticeLoss: async (proven, key) =>
        send('noticeLoss', key, () => {
          const unit = this.#prove(proven)
          const known = this.#losses.get(unit.id) ?? { noticed: 0, slashed: 0, from: 0 }
          if (known.noticed > known.slashed || proven.leaf.lossIncidents <= known.slashed) refuse('NoNewLoss')
          const from = proven.leaf.epoch + DISPUTE_EPOCHS
          this.#losses.set(unit.id, { ...known, noticed: proven.leaf.lossIncidents, from })
          this.mine()
          return 0n
        }),
      slashLoss: async (proven, key) =>
        send('slashLoss', key, () => {
          const unit = this.#prove(proven)
          const known = this.#losses.get(unit.id) ?? { noticed: 0, slashed: 0, from: 0 }
          if (known.noticed <= known.slashed) refuse('NoNewLoss')
          if (proven.leaf.epoch < known.from) refuse('NotBefore', [known.from])
          const slashed = Math.max(known.slashed, Math.min(known.noticed, proven.leaf.lossIncidents))
          this.#losses.set(unit.id, { ...known, noticed: slashed, slashed })
          this.credits.set(account, (this.credits.get(account) ?? 0n) + BigInt(slashed - known.slashed))
          this.mine()
          return 0n
        }),
      slashAbandonment: async (proven, key) =>
        send('slashAbandonment', key, () => {
          const unit = this.#prove(proven)
          if (proven.leaf.state !== 'Removed' || unit.reservedBytes === 0n || this.#abandoned.has(unit.id))
            refuse('NotAbandoned')
          this.#abandoned.add(unit.id)
          this.mine()
          return 0n
        }),
      cancel: async (id, key) =>
        send('cancel', key, () => {
          const r = this.#reservations.get(id)!
          if (r.status !== 'Held') refuse('WrongStatus')
          Object.assign(r, { status: 'Cancelled', refunded: r.deposited })
          this.#units.get(r.unitId)!.reservedBytes -= r.capacityBytes
          this.mine(1, { kind: 'reservation', id })
          return id
        }),
      extend: async (id, epochs, key) =>
        send('extend', key, () => {
          const r = this.#reservations.get(id)!
          if (r.status !== 'Active' || account !== r.consumer) refuse('NotAllowed')
          const endEpoch = r.endEpoch! + epochs
          Object.assign(r, { endEpoch, deposited: r.deposited + r.ratePerEpoch * BigInt(epochs) })
          this.#baselines.set(id, { ...this.#baselines.get(id)!, endEpoch })
          this.mine(1, { kind: 'reservation', id })
          return id
        }),
      release: async (id, key) =>
        send('release', key, () => {
          const r = this.#reservations.get(id)!
          const endEpoch = this.latestAttestation()!.header.epoch + 2
          if (r.status !== 'Active' || account !== r.consumer || endEpoch >= r.endEpoch!) refuse('NotAllowed')
          const refund = r.ratePerEpoch * BigInt(r.endEpoch! - endEpoch)
          Object.assign(r, { endEpoch, refunded: r.refunded + refund })
          this.#baselines.set(id, { ...this.#baselines.get(id)!, endEpoch })
          this.credits.set(r.consumer, (this.credits.get(r.consumer) ?? 0n) + refund)
          this.mine(1, { kind: 'reservation', id })
          return id
        }),
      openEscape: async (id, key) =>
        send('openEscape', key, () => {
          const r = this.#reservations.get(id)!
          if (r.escapeEpoch !== undefined) refuse('NotBefore', [r.escapeEpoch])
          r.escapeEpoch = r.lastEpoch! + 2
          this.mine(1, { kind: 'reservation', id })
          return id
        }),
      executeEscape: async (id, key) =>
        send('executeEscape', key, () => {
          const r = this.#reservations.get(id)!
          if (r.escapeEpoch === undefined) refuse('EscapeNotOpen')
          Object.assign(r, { status: 'Expired', refunded: r.deposited - r.paid })
          this.mine(1, { kind: 'reservation', id })
          return id
        }),
      withdraw: async () => {
        const amount = this.credits.get(account) ?? 0n
        this.credits.set(account, 0n)
        return { ...send('withdraw', undefined, () => 0n), amount }
      },
      registerUnitFor: async (terms) =>
        send('register', undefined, () => {
          if (this.#units.has(unitIdOf(terms.provider, terms.nonce))) refuse('UnitExists')
          this.addUnit(terms, { status: 'Pending', attestedState: 'Pending' })
          return 0n
        }),
    }
  }

  #prove({ leaf, proof, ringPrevEpoch }: ProvenLeaf): Mutable<MarketUnit> {
    const attestation = this.attestation(leaf.epoch)
    const root: Hash32 = rootOfProof(unitLeafHash(leaf), proof)
    if (attestation?.header.root !== root || attestation.ringPrevEpoch !== ringPrevEpoch) refuse('UnknownRoot')
    return this.#units.get(leaf.unitId)!
  }

  #checkSettle(id: bigint, { leaf, ringPrevEpoch }: ProvenLeaf): void {
    const r = this.#reservations.get(id)!
    const base = this.#baselines.get(id)
    const refusal = this.#refusals.get(id)
    if (refusal) refuse(refusal)
    if (r.status !== 'Active' || !base) refuse('WrongStatus')
    if (leaf.epoch <= base.lastEpoch) refuse('AlreadySettled')
    if (leaf.epoch > base.endEpoch && ringPrevEpoch >= base.endEpoch) refuse('NotFirstAfterEnd')
  }

  #settle(id: bigint, { leaf }: ProvenLeaf): void {
    const r = this.#reservations.get(id)!
    const base = this.#baselines.get(id)!
    const upTo = Math.min(leaf.epoch, base.endEpoch)
    const due = r.ratePerEpoch * BigInt(upTo - base.lastEpoch)
    const span = BigInt(leaf.epoch - base.lastEpoch) * 10_000n
    const gained = leaf.paidBpsSum > base.paidBpsSum ? leaf.paidBpsSum - base.paidBpsSum : 0n
    const paid = (due * (gained < span ? gained : span)) / span
    this.#baselines.set(id, { ...base, lastEpoch: upTo, paidBpsSum: leaf.paidBpsSum })
    Object.assign(r, {
      lastEpoch: upTo,
      paid: r.paid + paid,
      refunded: r.refunded + due - paid,
      escapeEpoch: undefined,
    })
    const { operator } = this.#units.get(r.unitId)!
    this.credits.set(operator, (this.credits.get(operator) ?? 0n) + paid)
    this.credits.set(r.consumer, (this.credits.get(r.consumer) ?? 0n) + due - paid)
    if (leaf.epoch >= base.endEpoch) {
      r.status = 'Expired'
      this.#units.get(r.unitId)!.reservedBytes -= r.capacityBytes
    }
  }

  #tell(change: MarketChange): void {
    for (const listener of this.#listeners) listener(change)
  }
}

function refuse(reason: string, args: readonly unknown[] = []): never {
  throw new MarketError('refused', `the contract refused the call: ${reason}`, { reason, args })
}
