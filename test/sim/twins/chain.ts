/**
 * The chain as a model: blocks at fixed times, a mempool, reorgs, and the contract's rules for attestations written a second
 * time, from docs/protocol.md and not from the engine's code, so that a mistake there does not repeat itself here.
 */
import { encodeWords } from '../../../src/core/abi.ts'
import type { AcceptedAttestation, ChainFacts, EpochStatus, OracleSetFacts } from '../../../src/core/chain-facts.ts'
import { type AttestationHeader, createDigests, type Digests, type Domain } from '../../../src/core/eip712.ts'
import { type EpochClock, factsCutoffSeconds } from '../../../src/core/epoch-clock.ts'
import { type Epoch, type Hash32, ZERO_HASH } from '../../../src/core/ids.ts'
import { keccak256Hex } from '../../../src/core/keccak.ts'
import type { EvaluationParams } from '../../../src/core/params.ts'
import { EVALUATOR_VERSION } from '../../../src/core/params.ts'
import type { SignedBy } from '../../../src/core/ports/chain.ts'
import type { SignatureScheme } from '../../../src/core/ports/signer.ts'
import type { RegisteredUnit } from '../../../src/core/units.ts'
import type { Random } from './random.ts'
import type { VirtualTime } from './time.ts'

export interface SimBlock {
  number: number
  hash: Hash32
  /** Unix seconds. */
  timestamp: number
  accepted: AcceptedAttestation[]
}

export interface Submission {
  header: AttestationHeader
  signatures: readonly SignedBy[]
  /** Told once, when the submission is in a block. */
  done: (outcome: 'accepted' | 'superseded', block: SimBlock) => void
}

export interface ChainOptions {
  domain: Domain
  clock: EpochClock
  params: EvaluationParams
  blockSeconds: number
  confirmations: number
  /** Sets by first epoch, ascending. */
  sets: readonly OracleSetFacts[]
  /** Units as of an epoch, ascending by id. */
  unitsAt: (epoch: Epoch) => readonly RegisteredUnit[]
}

export type Refusal = 'wrong-set' | 'window' | 'parent' | 'not-newer' | 'params' | 'quorum' | 'signature'

/** Blocks before the simulation begins: the cut-off of epoch 0 lies 0.3 L before genesis. */
const PAST_BLOCKS = 16

export class SimChain {
  readonly options: ChainOptions
  readonly #time: VirtualTime
  readonly #random: Random
  readonly #signatures: SignatureScheme
  readonly #digests: Digests
  #blocks: SimBlock[] = []
  #mempool: Submission[] = []
  readonly #facts = new Map<string, ChainFacts>()
  readonly #paramsHash: Hash32
  halted = false
  /** Sees every acceptance and every refusal. */
  tap: {
    accepted?: (a: AcceptedAttestation, signatures: readonly SignedBy[]) => void
    refused?: (why: Refusal) => void
  } = {}
  reorgs = 0

  constructor(time: VirtualTime, random: Random, signatures: SignatureScheme, options: ChainOptions) {
    this.options = options
    this.#time = time
    this.#random = random
    this.#signatures = signatures
    this.#digests = createDigests(options.domain)
    this.#paramsHash = keccak256Hex(encodeWords(Object.values(options.params) as number[]))
    const first = Math.floor(time.now / 1000)
    // A past, so that epoch 0 has its block B_e.
    for (let i = PAST_BLOCKS; i >= 1; i--) this.#append(first - i * options.blockSeconds)
    this.#mineAt(first)
  }

  get blocks(): readonly SimBlock[] {
    return this.#blocks
  }

  get head(): SimBlock {
    return this.#blocks.at(-1)!
  }

  #append(timestamp: number): SimBlock {
    const hash = keccak256Hex(this.#random.bytes(32))
    const block: SimBlock = { number: this.#blocks.length, hash, timestamp, accepted: [] }
    this.#blocks.push(block)
    return block
  }

  #mineAt(timestamp: number): void {
    this.#time.at(timestamp * 1000, () => {
      if (!this.halted) this.#mine(timestamp)
      this.#mineAt(timestamp + this.options.blockSeconds)
    })
  }

  #mine(timestamp: number): void {
    const block = this.#append(timestamp)
    const pending = this.#mempool
    this.#mempool = []
    for (const submission of pending) {
      const accepted = this.#apply(block, submission)
      submission.done(accepted ? 'accepted' : 'superseded', block)
    }
  }

  submit(submission: Submission): void {
    this.#mempool.push(submission)
  }

  /** Newest accepted attestation, and the one before it. */
  latest(blocks: readonly SimBlock[] = this.#blocks): AcceptedAttestation | undefined {
    for (let i = blocks.length - 1; i >= 0; i--) {
      const accepted = blocks[i]!.accepted.at(-1)
      if (accepted) return accepted
    }
    return undefined
  }

  setOf(epoch: Epoch): OracleSetFacts {
    return this.options.sets.findLast((set) => set.firstEpoch <= epoch) ?? this.options.sets[0]!
  }

  #apply(block: SimBlock, { header, signatures }: Submission): boolean {
    const refusal = this.#refusal(block, header, signatures)
    if (refusal) {
      this.tap.refused?.(refusal)
      return false
    }
    const previous = this.latest()
    const attestation: AcceptedAttestation = {
      header,
      prevEpoch: previous?.header.epoch,
      era: 0,
      blockNumber: BigInt(block.number),
      blockTimestamp: block.timestamp,
      txHash: keccak256Hex(encodeWords([block.hash, header.root, header.epoch])),
    }
    block.accepted.push(attestation)
    this.tap.accepted?.(attestation, signatures)
    return true
  }

  #refusal(block: SimBlock, header: AttestationHeader, signatures: readonly SignedBy[]): Refusal | undefined {
    const { genesis, epochSeconds } = this.options.clock
    const start = genesis + header.epoch * epochSeconds
    const set = this.setOf(header.epoch)
    const n = set.seats.length
    if (header.setId !== set.setId) return 'wrong-set'
    if (block.timestamp <= start || block.timestamp > start + epochSeconds + Math.floor(epochSeconds / 2))
      return 'window'
    const latest = this.latest()
    if (latest && header.epoch <= latest.header.epoch) return 'not-newer'
    if (header.parentRoot !== (latest?.header.root ?? ZERO_HASH)) return 'parent'
    if (header.paramsHash !== this.#paramsHash || header.evaluatorVersion !== EVALUATOR_VERSION) return 'params'
    const faulty = Math.floor((n - 1) / 3)
    if (signatures.length < Math.floor((n + faulty) / 2) + 1) return 'quorum'
    const digest = this.#digests.attestation(header)
    let previous = -1
    for (const { index, signature } of signatures) {
      // Ascending: the bitmap has one bit a seat, so that nobody counts twice.
      if (index <= previous) return 'signature'
      previous = index
      if (this.#signatures.recover(digest, signature) !== set.seats[index]?.node) return 'signature'
    }
    return undefined
  }

  /** Replaces the last blocks; what was in them goes back to the mempool, or is lost. */
  reorg(depth: number, keepTransactions: boolean): void {
    const removed = this.#blocks.splice(this.#blocks.length - depth)
    this.reorgs++
    for (const block of removed) {
      const replacement = this.#append(block.timestamp)
      if (!keepTransactions) continue
      for (const { header } of block.accepted) {
        const again = this.#sent.get(this.#digests.attestation(header))
        if (again) this.#apply(replacement, again)
      }
    }
  }

  readonly #sent = new Map<Hash32, Submission>()

  /** Remembers a submission, so that a reorg can bring it back. */
  remember(submission: Submission): void {
    if (this.#sent.size > 64) this.#sent.delete(this.#sent.keys().next().value!)
    this.#sent.set(this.#digests.attestation(submission.header), submission)
  }

  /** Blocks that a reader sees whose endpoint lags. */
  view(lagSeconds: number): readonly SimBlock[] {
    if (lagSeconds === 0) return this.#blocks
    const limit = Math.floor(this.#time.now / 1000) - lagSeconds
    let count = this.#blocks.length
    while (count > 1 && this.#blocks[count - 1]!.timestamp > limit) count--
    return this.#blocks.slice(0, count)
  }

  /** The facts at B_e, `undefined` while that block is not known to be the last one before the limit. */
  factsAt(epoch: Epoch, blocks: readonly SimBlock[]): ChainFacts | undefined {
    const { clock, domain, params, unitsAt } = this.options
    const limit = factsCutoffSeconds(clock, epoch)
    if (blocks.at(-1)!.timestamp <= limit) return undefined
    let i = blocks.length - 1
    while (i > 0 && blocks[i]!.timestamp > limit) i--
    const block = blocks[i]!
    const key = `${epoch}/${block.hash}`
    let facts = this.#facts.get(key)
    if (!facts) {
      facts = {
        epoch,
        block: { number: BigInt(block.number), hash: block.hash, timestamp: block.timestamp },
        seed: keccak256Hex(encodeWords([domain.chainId, domain.orchestrator, epoch, block.hash])),
        set: this.setOf(epoch),
        params,
        paramsHash: this.#paramsHash,
        evaluatorVersion: EVALUATOR_VERSION,
        units: unitsAt(epoch),
      }
      this.#facts.set(key, facts)
    }
    return facts
  }

  /** Facts that were given out for a block, whatever became of it. */
  factsOf(epoch: Epoch, blockHash: Hash32): ChainFacts | undefined {
    return this.#facts.get(`${epoch}/${blockHash}`)
  }

  statusOf(epoch: Epoch, blocks: readonly SimBlock[]): EpochStatus {
    const { clock, confirmations } = this.options
    const head = blocks.at(-1)!.number
    const deep = (block: SimBlock) => head - block.number >= confirmations
    const until = clock.genesis + (epoch + 1) * clock.epochSeconds + Math.floor(clock.epochSeconds / 2)
    const from = clock.genesis + epoch * clock.epochSeconds
    let past = false
    for (let i = blocks.length - 1; i >= 0 && blocks[i]!.timestamp > from; i--) {
      const block = blocks[i]!
      const attestation = block.accepted.find((a) => a.header.epoch === epoch)
      if (attestation) return { kind: deep(block) ? 'final' : 'accepted', attestation }
      if (block.timestamp > until && deep(block)) past = true
    }
    return { kind: past ? 'skipped' : 'open' }
  }

  finalBefore(epoch: Epoch, blocks: readonly SimBlock[]): AcceptedAttestation | undefined {
    const head = blocks.at(-1)!.number
    for (let i = blocks.length - 1; i >= 0; i--) {
      const block = blocks[i]!
      if (head - block.number < this.options.confirmations) continue
      const found = block.accepted.findLast((a) => a.header.epoch < epoch)
      if (found) return found
    }
    return undefined
  }
}
