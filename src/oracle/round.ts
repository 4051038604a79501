/**
 * What a node knows of one epoch. Every collection is bounded by the seats of the set (31) and the attempts (11); what does
 * not fit is refused by the caller's checks and counted there.
 */
import type { AttestationHeader } from '../core/eip712.ts'
import type { Epoch, Hash32, NodeIndex } from '../core/ids.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { RoundPhase } from './api.ts'
import type { Evaluation } from './evaluate.ts'
import type { RevealEvidence } from './evidence.ts'
import type { CheckedSignature } from './messages/attestation-signature.ts'
import type { CommitMessage } from './messages/commit.ts'
import type { ProposalMessage } from './messages/proposal.ts'
import type { CheckedReveal } from './messages/reveal-header.ts'
import type { RoundRules } from './messages/rules.ts'

/** Headers kept of one author: the first one heard, and contradicting ones that a proposal may name. */
export const MAX_HEADERS_PER_AUTHOR = 4

/** A message and its bytes as they were on the wire. */
export interface Held<M> {
  message: M
  bytes: Uint8Array
  /** Unix ms of arrival. */
  at: number
}

export type HeldReveal = Held<CheckedReveal>
export type HeldSignature = Held<CheckedSignature>

/** An input set that this node evaluated. */
export interface Candidate {
  parentRoot: Hash32
  inputsHash: Hash32
  root: Hash32
  evaluation: Evaluation
  /** Reveals of the input set, ascending by index. */
  reveals: readonly RevealEvidence[]
}

export interface Certificate {
  header: AttestationHeader
  /** Ascending by index, exactly a quorum. */
  signatures: readonly HeldSignature[]
}

export class Round {
  readonly epoch: Epoch
  /** Set once the chain facts are known. */
  rules: RoundRules | undefined
  /** This node's seat, `undefined` for a follower. */
  index: NodeIndex | undefined
  phase: RoundPhase = 'probe'
  /** The chain has decided. */
  outcome: 'final' | 'skipped' | undefined
  readonly commits = new Map<NodeIndex, Held<CommitMessage>>()
  readonly headers = new Map<Hash32, HeldReveal>()
  readonly #byAuthor = new Map<NodeIndex, Hash32[]>()
  /** Batches by hash, with the instant since which each is held. */
  readonly batches = new Map<Hash32, { bytes: Uint8Array; at: number }>()
  /** Fetches under way, by batch hash. */
  readonly fetching = new Map<Hash32, Promise<boolean>>()
  readonly proposals = new Map<number, Held<ProposalMessage>>()
  readonly signatures = new Map<number, Map<NodeIndex, HeldSignature>>()
  /** By parent root and inputs hash: attempts on the same inputs share the evaluation. At most one an attempt. */
  readonly candidates = new Map<string, Candidate>()
  readonly certificates = new Map<number, Certificate>()
  /** `kind/index` of the contradictions that were kept and reported. */
  readonly evidence = new Set<string>()
  readonly #waiting = new Set<() => void>()

  constructor(epoch: Epoch) {
    this.epoch = epoch
  }

  /** @returns whether it was kept: an author who contradicts itself too often is heard only where a proposal names it. */
  addHeader(reveal: HeldReveal): boolean {
    const { message, digest } = reveal.message
    const digests = this.#byAuthor.get(message.index) ?? []
    // Each proposal names one header an author, so that this stays bounded by the attempts.
    if (digests.length >= MAX_HEADERS_PER_AUTHOR && !this.isNamed(digest)) return false
    this.#byAuthor.set(message.index, [...digests, digest])
    this.headers.set(digest, reveal)
    this.changed()
    return true
  }

  /** Whether a proposal has this header among its inputs. */
  isNamed(digest: Hash32): boolean {
    for (const { message } of this.proposals.values())
      if (message.inputs.some((input) => input.hash === digest)) return true
    return false
  }

  /** Digests of an author's headers, the first one heard first. */
  headersOf(index: NodeIndex): readonly Hash32[] {
    return this.#byAuthor.get(index) ?? []
  }

  /** Authors of whom a header is held. */
  get authors(): number {
    return this.#byAuthor.size
  }

  /** The first header of an author of which the batch is held too. */
  completeReveal(index: NodeIndex): HeldReveal | undefined {
    for (const digest of this.headersOf(index)) {
      const held = this.headers.get(digest)!
      if (this.batches.has(held.message.message.batchHash)) return held
    }
    return undefined
  }

  signaturesOf(attempt: number): Map<NodeIndex, HeldSignature> {
    let map = this.signatures.get(attempt)
    if (!map) {
      map = new Map()
      this.signatures.set(attempt, map)
    }
    return map
  }

  /** Wakes everybody who waits for something in this round. */
  changed(): void {
    for (const wake of [...this.#waiting]) wake()
  }

  /** Resolves with `true` once `holds()`, with `false` at `deadlineMs`. Rejects with the signal's reason. */
  until(holds: () => boolean, clock: Clock, deadlineMs: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      if (holds()) return resolve(true)
      if (clock.now() >= deadlineMs) return resolve(false)
      const finish = (settle: () => void) => {
        this.#waiting.delete(check)
        signal.removeEventListener('abort', onAbort)
        cancel()
        settle()
      }
      const check = () => {
        if (holds()) finish(() => resolve(true))
      }
      const onAbort = () => finish(() => reject(signal.reason))
      const cancel = clock.schedule(deadlineMs, () => finish(() => resolve(holds())))
      this.#waiting.add(check)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }
}
