/** The consumer's side of the object index: its own copy, changes signed and countersigned, rollbacks noticed. */
import {
  applyChange,
  decodeObjectIndex,
  emptyIndex,
  encodeObjectIndex,
  type IndexChange,
  type ObjectIndex,
  objectIndexDigest,
} from '../../core/manifest/object-index.ts'
import { IndexError } from '../../core/ports/object-index.ts'
import type { TransferContext } from './context.ts'
import { TransferError } from './errors.ts'
import { withRetries } from './retry.ts'

/** Another process with the same key may commit in between; more often than that it is no coincidence. */
const MAX_CONFLICTS = 5

export class IndexBook {
  readonly #context: TransferContext
  readonly #tails = new Map<bigint, Promise<unknown>>()

  constructor(context: TransferContext) {
    this.#context = context
  }

  /** The newest index that both sides signed. @throws {TransferError} `index-rolled-back`. */
  async current(reservationId: bigint, signal: AbortSignal): Promise<ObjectIndex> {
    const { ports } = this.#context
    const theirs = await withRetries(this.#context, 'index', signal, () => ports.indexes.latest(reservationId, signal))
    const bytes = await ports.store.get(storeKey(reservationId))
    const own = bytes && decodeObjectIndex(bytes)
    if (own && (!theirs || theirs.seq < own.seq))
      throw new TransferError(
        'index-rolled-back',
        `the provider shows change ${theirs?.seq ?? 0}, it signed ${own.seq}`,
      )
    if (!theirs) return emptyIndex(reservationId)
    if (own && own.seq === theirs.seq && digestOf(this.#context, own) !== digestOf(this.#context, theirs))
      throw new TransferError('index-rolled-back', `the provider shows another change ${own.seq} than it signed`)
    if (!own || own.seq < theirs.seq) await this.#keep(reservationId, encodeObjectIndex(theirs))
    return theirs
  }

  /** Applies a change to the newest index and has it countersigned. One at a time for each reservation. */
  async commit(
    reservationId: bigint,
    change: Pick<IndexChange, 'puts' | 'deletes'>,
    signal: AbortSignal,
  ): Promise<ObjectIndex> {
    const task = () => this.#commit(reservationId, change, signal)
    const mine = (this.#tails.get(reservationId) ?? Promise.resolve()).then(task, task)
    const tail = mine.catch(() => {})
    this.#tails.set(reservationId, tail)
    try {
      return await mine
    } finally {
      if (this.#tails.get(reservationId) === tail) this.#tails.delete(reservationId)
    }
  }

  async #commit(
    reservationId: bigint,
    { puts, deletes }: Pick<IndexChange, 'puts' | 'deletes'>,
    signal: AbortSignal,
  ): Promise<ObjectIndex> {
    const { ports } = this.#context
    for (let conflicts = 0; ; conflicts++) {
      const base = await this.current(reservationId, signal)
      const change: IndexChange = { reservationId, baseSeq: base.seq, puts, deletes }
      const next = applyChange(base, change)
      const digest = digestOf(this.#context, next)
      const consumerSignature = await ports.signer.signDigest(digest)
      try {
        const signed = { digest, consumerSignature }
        const providerSignature = await ports.indexes.commit(change, signed, signal)
        await this.#keep(reservationId, encodeObjectIndex({ ...next, consumerSignature, providerSignature }))
        return next
      } catch (error) {
        // Also after an answer that was lost: the change may be there already, and then this finds it.
        const retry = error instanceof IndexError && (error.code === 'conflict' || error.code === 'unreachable')
        if (!retry || conflicts >= MAX_CONFLICTS) throw error
      }
    }
  }

  async #keep(reservationId: bigint, value: Uint8Array): Promise<void> {
    await this.#context.ports.store.batch([{ type: 'put', key: storeKey(reservationId), value }], { sync: true })
  }
}

const storeKey = (reservationId: bigint) => `consumer/index/${reservationId}`

function digestOf({ ports }: TransferContext, index: ObjectIndex) {
  return objectIndexDigest(ports.digests, index)
}
