/** States and bundles on disk. Written without `sync`: what a power cut takes comes back from a peer, checked by its root. */
import type { AttestationHeader } from '../../core/eip712.ts'
import type { Epoch, Hash32 } from '../../core/ids.ts'
import type { KeyValueStore, StoreOperation } from '../../core/ports/key-value-store.ts'
import { decodeBundle, type EvidenceBundle, encodeBundle } from '../evidence.ts'
import { epochKey, PREFIX } from '../keys.ts'
import { decodeState, encodeState } from './codec.ts'
import type { OracleState } from './state.ts'

/** A state with its root, computed once. */
export interface RootedState {
  state: OracleState
  /** Zero for the empty state before the first attestation. */
  root: Hash32
}

/** States kept: the final one, and those that a reorg or a joining node may still ask for. */
export const KEPT_STATES = 3
/** Old entries are removed every so many epochs … */
const PRUNE_EVERY = 8
/** … at most this many at once: several times what was added since, so that the backlog of a changed setting shrinks. */
const PRUNE_LIMIT = 64

const signedKey = ({ epoch, root }: AttestationHeader, what: string) =>
  epochKey(PREFIX.signed, epoch, `/${root}/${what}`)

export class StateStore {
  readonly #store: KeyValueStore
  readonly #retainEpochs: number

  constructor(store: KeyValueStore, retainEpochs: number) {
    this.#store = store
    this.#retainEpochs = retainEpochs
  }

  /** Readable states, the newest first; damaged ones are left out, as if they were lost. */
  async load(): Promise<RootedState[]> {
    const found: RootedState[] = []
    for await (const [, value] of this.#store.entries({
      gte: PREFIX.state,
      lt: `${PREFIX.state}:`,
      reverse: true,
      limit: KEPT_STATES,
    })) {
      try {
        const state = decodeState(value)
        found.push({ state, root: state.root })
      } catch {
        // Whatever is wrong with it, its root can't be checked; the snapshot of a peer takes its place.
      }
    }
    return found
  }

  /** @param dropped epochs whose states are no longer kept. */
  async save(
    { state }: RootedState,
    bundle: EvidenceBundle | undefined,
    dropped: readonly Epoch[] = [],
  ): Promise<void> {
    const operations: StoreOperation[] = [
      { type: 'put', key: epochKey(PREFIX.state, state.epoch), value: encodeState(state) },
    ]
    if (bundle) operations.push({ type: 'put', key: epochKey(PREFIX.bundle, state.epoch), value: encodeBundle(bundle) })
    for (const epoch of dropped) operations.push({ type: 'del', key: epochKey(PREFIX.state, epoch) })
    if (state.epoch % PRUNE_EVERY === 0) operations.push(...(await this.#outdated(state.epoch)))
    await this.#store.batch(operations)
  }

  async #outdated(epoch: Epoch): Promise<StoreOperation[]> {
    const operations: StoreOperation[] = []
    const drop = (key: string) => operations.push({ type: 'del', key })
    let states = 0
    const range = {
      gte: PREFIX.state,
      lt: epochKey(PREFIX.state, epoch),
      reverse: true,
      limit: KEPT_STATES + PRUNE_LIMIT,
    }
    for await (const [key] of this.#store.entries(range)) if (++states >= KEPT_STATES) drop(key)
    const horizon = Math.max(0, epoch - this.#retainEpochs)
    for (const prefix of [PREFIX.bundle, PREFIX.batch, PREFIX.signed]) {
      const old = {
        gte: prefix,
        lt: epochKey(prefix, prefix === PREFIX.bundle ? horizon : epoch - 2),
        limit: PRUNE_LIMIT,
      }
      for await (const [key] of this.#store.entries(old)) drop(key)
    }
    return operations
  }

  /** Goes to disk with the journal's entry: whoever signed a root can always tell how it came about. */
  signedBundle(bundle: EvidenceBundle): StoreOperation {
    return { type: 'put', key: signedKey(bundle.header, 'bundle'), value: encodeBundle(bundle) }
  }

  /** The result of a signed evaluation. Without `sync`: after a power cut the bundle gives it again. */
  async saveSignedState(header: AttestationHeader, state: OracleState): Promise<void> {
    await this.#store.batch([{ type: 'put', key: signedKey(header, 'state'), value: encodeState(state) }])
  }

  /** What an earlier run of this process signed under this root; `undefined` for what is missing or damaged. */
  async loadSigned(header: AttestationHeader): Promise<{ bundle?: EvidenceBundle; state?: RootedState }> {
    const [bundle, bytes] = await Promise.all([
      this.#store.get(signedKey(header, 'bundle')),
      this.#store.get(signedKey(header, 'state')),
    ])
    const found: { bundle?: EvidenceBundle; state?: RootedState } = {}
    try {
      if (bundle) found.bundle = decodeBundle(bundle)
      const state = bytes && decodeState(bytes)
      if (state && state.root === header.root) found.state = { state, root: state.root }
    } catch {
      // Damaged: what could be read is used, the rest comes from peers.
    }
    return found
  }

  async bundleBytes(epoch: Epoch): Promise<Uint8Array | undefined> {
    return this.#store.get(epochKey(PREFIX.bundle, epoch))
  }

  async bundle(epoch: Epoch): Promise<EvidenceBundle | undefined> {
    const bytes = await this.bundleBytes(epoch)
    return bytes && decodeBundle(bytes)
  }

  /** Keeps an own result that differs from the accepted root, for inspection. */
  async saveDivergent(state: OracleState, bundle: EvidenceBundle): Promise<void> {
    const key = epochKey(PREFIX.divergence, state.epoch)
    await this.#store.batch([
      { type: 'put', key: `${key}/state`, value: encodeState(state) },
      { type: 'put', key: `${key}/bundle`, value: encodeBundle(bundle) },
    ])
  }
}
