/**
 * What this key wants on chain: an intent is written before its bytes leave, and kept until its transaction is settled.
 * Finished keys are remembered for a while, so that a caller that repeats itself after a restart pays once.
 */
import type { Address, Hash32, Hex } from '../../core/ids.ts'
import type { KeyValueStore, StoreOperation } from '../../core/ports/key-value-store.ts'
import type { TransactionReceipt } from '../api.ts'
import { decodeValue, encodeValue } from '../follower/value-codec.ts'
import type { SignedTransaction } from './sign-transaction.ts'

export interface Intent {
  nonce: number
  key: string | undefined
  label: string
  to: Address
  data: Hex
  value: bigint
  gasLimit: bigint
  /** Every price it was signed at, oldest first; any of them may be mined. */
  versions: SignedTransaction[]
  /** Unix ms. */
  createdMs: number
  pricedMs: number
  /** The version that was mined, until it is settled. */
  mined: { hash: Hash32; block: number } | undefined
  /** Looks in a row at which the nonce was used and none of the versions was found. */
  missing: number
}

export interface FinishedKey {
  seq: number
  receipt: TransactionReceipt
}

/** Finished keys that are remembered. */
export const MAX_FINISHED = 1_024

const after = (prefix: string) => `${prefix.slice(0, -1)}0`

export interface IntentStore {
  load(): Promise<{ intents: Intent[]; finished: Map<string, FinishedKey> }>
  /** Resolves once it survives a power cut. */
  save(intent: Intent): Promise<void>
  /** Removes the intent; with a key and receipt, remembers how it ended. */
  finish(intent: Intent, finished?: FinishedKey, forget?: readonly string[]): Promise<void>
}

export function createIntentStore(store: KeyValueStore, account: Address): IntentStore {
  const intents = `chain/tx/${account}/`
  const finishedKeys = `chain/tx-done/${account}/`
  const keyOf = (nonce: number) => `${intents}${String(nonce).padStart(16, '0')}`
  return {
    async load() {
      const loaded: Intent[] = []
      for await (const [, bytes] of store.entries({ gte: intents, lt: after(intents) }))
        loaded.push(decodeValue(bytes) as Intent)
      const finished: [string, FinishedKey][] = []
      for await (const [key, bytes] of store.entries({ gte: finishedKeys, lt: after(finishedKeys) }))
        finished.push([key.slice(finishedKeys.length), decodeValue(bytes) as FinishedKey])
      return { intents: loaded, finished: new Map(finished.sort(([, a], [, b]) => a.seq - b.seq)) }
    },
    save: (intent) =>
      store.batch([{ type: 'put', key: keyOf(intent.nonce), value: encodeValue(intent) }], { sync: true }),
    async finish(intent, finished, forget = []) {
      const operations: StoreOperation[] = [{ type: 'del', key: keyOf(intent.nonce) }]
      for (const key of forget) operations.push({ type: 'del', key: finishedKeys + key })
      if (finished !== undefined && intent.key !== undefined)
        operations.push({ type: 'put', key: finishedKeys + intent.key, value: encodeValue(finished) })
      await store.batch(operations, { sync: true })
    },
  }
}
