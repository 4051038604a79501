/**
 * The state that the next epoch builds on. It follows the chain: a state is taken over only when its root is final, from
 * what this node evaluated itself, from evidence, or from a peer's snapshot (docs/protocol.md 12).
 */
import type { AcceptedAttestation } from '../../core/chain-facts.ts'
import { codeOf } from '../../core/errors.ts'
import { type Epoch, type Hash32, ZERO_HASH } from '../../core/ids.ts'
import { anyPeers, currentEpoch, type EngineContext, requestTimeoutMs } from '../context.ts'
import { decodeBundle, type EvidenceBundle, MAX_BUNDLE_BYTES } from '../evidence.ts'
import { replayEpoch } from '../replay.ts'
import { fetchChunks } from '../requests/chunks.ts'
import type { Candidate } from '../round.ts'
import { decodeState, MAX_STATE_BYTES } from './codec.ts'
import { OracleState } from './state.ts'
import { KEPT_STATES, type RootedState, type StateStore } from './store.ts'

type Source = 'evaluated' | 'snapshot' | 'store' | 'genesis'

/** Peers asked for a snapshot in one go; the next poll asks others. */
const PEERS_PER_TRY = 3

export class StateKeeper {
  readonly store: StateStore
  readonly #ctx: () => EngineContext
  /** Newest first. */
  #kept: RootedState[] = []
  #busy: { root: Hash32; result: Promise<RootedState | undefined> } | undefined

  /** @param ctx late, because the context holds the keeper. */
  constructor(store: StateStore, ctx: () => EngineContext) {
    this.store = store
    this.#ctx = ctx
  }

  /** Newest final state; `undefined` before the first. */
  get current(): RootedState | undefined {
    return this.#kept[0]
  }

  async load(): Promise<void> {
    this.#kept = await this.store.load()
  }

  find(epoch: Epoch, root: Hash32): RootedState | undefined {
    return this.#kept.find((kept) => kept.state.epoch === epoch && kept.root === root)
  }

  /**
   * The state that `epoch` builds on; `undefined` while the epoch before is open or its state is not to be had.
   * Rule 12.1: epoch − 1 is final or skipped before anything of `epoch` is signed.
   */
  async parentOf(epoch: Epoch, signal: AbortSignal): Promise<RootedState | undefined> {
    const { chain } = this.#ctx().ports
    if (epoch > 0) {
      const { kind } = await chain.epochStatus(epoch - 1, signal)
      if (kind !== 'final' && kind !== 'skipped') return undefined
    }
    const parent = await chain.finalBefore(epoch, signal)
    this.#follow(epoch, parent)
    return parent ? this.adopt(parent, signal) : { state: OracleState.empty(), root: ZERO_HASH }
  }

  /** A final attestation of ours that the chain no longer has before `epoch` was taken back by a reorg. */
  #follow(epoch: Epoch, parent: AcceptedAttestation | undefined): void {
    const current = this.current
    if (!current || current.state.epoch >= epoch) return
    if (parent && current.state.epoch === parent.header.epoch && current.root === parent.header.root) return
    if (parent && current.state.epoch < parent.header.epoch) return
    this.#ctx().alarms.raise('deep-reorg', epoch, 'a final attestation is no longer on the chain; following the chain')
    this.#kept = this.#kept.filter((k) => parent && k.state.epoch <= parent.header.epoch && k.root !== current.root)
  }

  /** Takes over the state of a final attestation. One attempt at a time. */
  async adopt(attestation: AcceptedAttestation, signal: AbortSignal): Promise<RootedState | undefined> {
    const { epoch, root } = attestation.header
    const known = this.find(epoch, root)
    // A round that looks back must not take an older state for the newest.
    if (known || (this.current && this.current.state.epoch >= epoch)) return known
    if (this.#busy?.root === root) return this.#busy.result
    const result = this.#obtain(attestation, signal).finally(() => {
      if (this.#busy?.result === result) this.#busy = undefined
    })
    this.#busy = { root, result }
    return result
  }

  async #obtain(attestation: AcceptedAttestation, signal: AbortSignal): Promise<RootedState | undefined> {
    const { header } = attestation
    const own = this.#evaluated(attestation)
    if (own?.root === header.root) {
      const bundle = { header, parentEpoch: attestation.prevEpoch, reveals: own.reveals }
      return this.#take({ state: own.evaluation.state, root: own.root }, bundle, 'evaluated')
    }
    if (own) await this.#diverged(attestation, own)
    else {
      const again = (await this.#fromEarlierRun(attestation, signal)) ?? (await this.#fromEvidence(attestation, signal))
      if (again) return again
    }
    return this.#fromSnapshot(attestation, signal)
  }

  /** This node's own evaluation of the accepted inputs on the accepted parent. */
  #evaluated({ header }: AcceptedAttestation): Candidate | undefined {
    const round = this.#ctx().rounds.get(header.epoch)
    for (const candidate of round?.candidates.values() ?? [])
      if (candidate.inputsHash === header.inputsHash && candidate.parentRoot === header.parentRoot) return candidate
    return undefined
  }

  /** 12.6 What this node signed before it was restarted: the state itself, or the inputs to evaluate again. */
  async #fromEarlierRun(attestation: AcceptedAttestation, signal: AbortSignal): Promise<RootedState | undefined> {
    const { bundle, state } = await this.store.loadSigned(attestation.header)
    if (!bundle) return undefined
    return state ? this.#take(state, bundle, 'store') : this.#replayed(attestation, bundle, signal)
  }

  /** The state that a bundle gives on the parent that this node has. */
  async #replayed(
    { header, prevEpoch, era }: AcceptedAttestation,
    { reveals }: EvidenceBundle,
    signal: AbortSignal,
  ): Promise<RootedState | undefined> {
    const ctx = this.#ctx()
    const parent = this.#parentState({ header, prevEpoch })
    if (!parent) return undefined
    const facts = await ctx.ports.chain.factsAt(header.epoch, signal)
    const bundle = { header, parentEpoch: prevEpoch, reveals }
    const { state } = replayEpoch(bundle, parent.state, facts, ctx.digests, era).evaluation
    return state.root === header.root ? this.#take({ state, root: state.root }, bundle, 'evaluated') : undefined
  }

  #parentState({ header, prevEpoch }: Pick<AcceptedAttestation, 'header' | 'prevEpoch'>): RootedState | undefined {
    return prevEpoch === undefined ? emptyIfZero(header.parentRoot) : this.find(prevEpoch, header.parentRoot)
  }

  /** One epoch behind: its evidence is much smaller than a whole state. */
  async #fromEvidence(attestation: AcceptedAttestation, signal: AbortSignal): Promise<RootedState | undefined> {
    const { header } = attestation
    if (!this.#parentState(attestation)) return undefined
    const subject = { epoch: header.epoch, hash: header.inputsHash, maxBytes: MAX_BUNDLE_BYTES }
    return this.#fromPeers(attestation, signal, async (peer) => {
      const bytes = await fetchChunks(this.#fetching(), peer, 'bundle', subject, signal)
      return bytes && this.#replayed(attestation, decodeBundle(bytes), signal)
    })
  }

  async #fromSnapshot(attestation: AcceptedAttestation, signal: AbortSignal): Promise<RootedState | undefined> {
    const { epoch, root } = attestation.header
    const ctx = this.#ctx()
    const taken = await this.#fromPeers(attestation, signal, async (peer) => {
      const bytes = await fetchChunks(
        this.#fetching(),
        peer,
        'snapshot',
        { epoch, hash: root, maxBytes: MAX_STATE_BYTES },
        signal,
      )
      if (!bytes) return undefined
      const state = decodeState(bytes)
      // 12.3 A snapshot is believed for nothing but its root.
      if (state.epoch !== epoch || state.root !== root) {
        ctx.metrics.count('oracle_snapshots_refused_total')
        return undefined
      }
      return this.#take({ state, root }, undefined, 'snapshot')
    })
    if (!taken) ctx.metrics.count('oracle_snapshots_missing_total')
    if (!taken && currentEpoch(ctx) > epoch + 2)
      ctx.alarms.raise('no-snapshot', epoch, `no peer has a state for the root of epoch ${epoch}; still asking`)
    return taken
  }

  #fetching() {
    const ctx = this.#ctx()
    return { requests: ctx.ports.requests, domain: ctx.ports.chain.domain, timeoutMs: requestTimeoutMs(ctx) }
  }

  async #fromPeers(
    attestation: AcceptedAttestation,
    signal: AbortSignal,
    ask: (peer: `0x${string}`) => Promise<RootedState | undefined>,
  ): Promise<RootedState | undefined> {
    const ctx = this.#ctx()
    for (const peer of anyPeers(ctx).slice(0, PEERS_PER_TRY)) {
      try {
        const taken = await ask(peer)
        if (taken) return taken
      } catch (error) {
        if (signal.aborted) throw signal.reason
        ctx.logger.debug('no state from peer', { peer, epoch: attestation.header.epoch, code: codeOf(error) })
      }
    }
    return undefined
  }

  async #take(kept: RootedState, bundle: EvidenceBundle | undefined, source: Source): Promise<RootedState> {
    const ctx = this.#ctx()
    const all = [kept, ...this.#kept].sort((a, b) => b.state.epoch - a.state.epoch)
    this.#kept = all.slice(0, KEPT_STATES)
    const dropped = all.slice(KEPT_STATES).map(({ state }) => state.epoch)
    try {
      await this.store.save(kept, bundle, dropped)
    } catch (error) {
      ctx.alarms.raise(
        'store-failed',
        kept.state.epoch,
        `the state could not be stored (${codeOf(error)}); check the disk`,
      )
    }
    ctx.emitter.emit('adopted', { epoch: kept.state.epoch, root: kept.root, source })
    return kept
  }

  async #diverged(attestation: AcceptedAttestation, own: Candidate): Promise<void> {
    const ctx = this.#ctx()
    const { header, prevEpoch } = attestation
    const message = `own root ${own.root} differs from the accepted ${header.root}; kept for inspection, taking a snapshot`
    ctx.alarms.raise('divergence', header.epoch, message)
    const bundle = { header, parentEpoch: prevEpoch, reveals: own.reveals }
    await this.store.saveDivergent(own.evaluation.state, bundle).catch((error) => {
      ctx.logger.warn('divergent state not kept', { epoch: header.epoch, code: codeOf(error) })
    })
  }
}

function emptyIfZero(parentRoot: Hash32): RootedState | undefined {
  return parentRoot === ZERO_HASH ? { state: OracleState.empty(), root: ZERO_HASH } : undefined
}
