/**
 * What this key has signed, written with `sync` before it is sent (docs/protocol.md 11). After a restart the same bytes go
 * out again. A slot is written once: a second, different payload for it is a defect of the program and is refused.
 */
import { decodeCanonical, encodeCanonical, read } from '../core/canonical-cbor.ts'
import { codeOf } from '../core/errors.ts'
import type { Epoch } from '../core/ids.ts'
import { keccak256 } from '../core/keccak.ts'
import type { KeyValueStore, StoreOperation } from '../core/ports/key-value-store.ts'
import { OracleError } from './errors.ts'
import { epochKey, PREFIX } from './keys.ts'

export type JournalKind = 'commit' | 'reveal' | 'attestation'

export interface JournalSlot {
  kind: JournalKind
  setId: number
  epoch: Epoch
  /** 0 except for attestations. */
  attempt: number
}

/** One entry: the message as it was sent, and what is needed to go on from it after a restart. */
export interface JournalEntry {
  message: Uint8Array
  extra: Uint8Array
}

export type JournalHealth = 'intact' | 'missing' | 'damaged'

/** Entries older than this many epochs are removed; the contract's evidence window is far shorter. */
const KEEP_EPOCHS = 4320
/** Epochs whose entries are held in memory: rounds live for three. */
const MEMORY_EPOCHS = 8
const CHECKSUM_BYTES = 8
const MAX_ENTRY_BYTES = 4096

function keyOf(slot: JournalSlot): string {
  return epochKey(PREFIX.journal, slot.epoch, `/${slot.kind}/${slot.setId}/${slot.attempt}`)
}

function seal(payload: Uint8Array): Uint8Array {
  const out = new Uint8Array(CHECKSUM_BYTES + payload.length)
  out.set(keccak256(payload).subarray(0, CHECKSUM_BYTES))
  out.set(payload, CHECKSUM_BYTES)
  return out
}

function decodeEntry(value: Uint8Array): JournalEntry | undefined {
  const payload = unseal(value)
  if (!payload) return undefined
  try {
    const [message, extra] = read.tuple(decodeCanonical(payload, MAX_ENTRY_BYTES), 2)
    return { message: read.bytesUpTo(message, MAX_ENTRY_BYTES), extra: read.bytesUpTo(extra, MAX_ENTRY_BYTES) }
  } catch {
    return undefined
  }
}

function unseal(bytes: Uint8Array): Uint8Array | undefined {
  const payload = bytes.slice(CHECKSUM_BYTES)
  const sum = keccak256(payload)
  return bytes.length > CHECKSUM_BYTES && bytes.subarray(0, CHECKSUM_BYTES).every((b, i) => b === sum[i])
    ? payload
    : undefined
}

export class Journal {
  readonly health: JournalHealth
  /**
   * Unix ms since when everything that this key signed is in here: the instant of the start that found the journal missing
   * or damaged. Kept across later restarts, so that a restart can't shorten the abstention (rule 11.4).
   */
  readonly completeSinceMs: number
  readonly #store: KeyValueStore
  readonly #entries: Map<string, JournalEntry>
  /** Slots being written: claimed before the write begins, so that two tasks can't both sign. */
  readonly #claimed = new Set<string>()

  private constructor(
    store: KeyValueStore,
    found: { health: JournalHealth; completeSinceMs: number; entries: Map<string, JournalEntry> },
  ) {
    this.#store = store
    this.health = found.health
    this.completeSinceMs = found.completeSinceMs
    this.#entries = found.entries
  }

  /**
   * @param owner whose journal it is: node address and network; a journal of somebody else counts as missing.
   * @param now Unix ms, and the epoch by the same clock; entries since shortly before are taken into memory.
   */
  static async open(store: KeyValueStore, owner: string, now: { ms: number; epoch: Epoch }): Promise<Journal> {
    const bytes = await store.get(PREFIX.journalMarker)
    const marker = bytes && decodeMarker(bytes, owner)
    let health: JournalHealth = marker ? 'intact' : bytes ? 'damaged' : 'missing'
    const entries = new Map<string, JournalEntry>()
    const operations: StoreOperation[] = []
    const from = epochKey(PREFIX.journal, Math.max(0, now.epoch - MEMORY_EPOCHS))
    for await (const [key, value] of store.entries({ gte: from, lt: `${PREFIX.journal}:` })) {
      const entry = decodeEntry(value)
      if (entry) entries.set(key, entry)
      else {
        health = 'damaged'
        operations.push({ type: 'del', key })
      }
    }
    const completeSinceMs = health === 'intact' && marker ? marker.completeSinceMs : now.ms
    if (health !== 'intact') {
      operations.push({ type: 'put', key: PREFIX.journalMarker, value: encodeMarker(owner, completeSinceMs) })
      await store.batch(operations, { sync: true })
    }
    return new Journal(store, { health, completeSinceMs, entries })
  }

  /** What was journalled for a slot of a recent epoch. */
  get(slot: JournalSlot): JournalEntry | undefined {
    return this.#entries.get(keyOf(slot))
  }

  /** The message that went out, or is about to, for a slot. */
  sent(slot: JournalSlot): Uint8Array | undefined {
    return this.get(slot)?.message
  }

  /** Attempts of an epoch for which an attestation is journalled. */
  attempts(setId: number, epoch: Epoch, limit: number): number[] {
    const found: number[] = []
    for (let attempt = 0; attempt < limit; attempt++)
      if (this.get({ kind: 'attestation', setId, epoch, attempt })) found.push(attempt)
    return found
  }

  /**
   * Writes an entry; resolved means that it survives a power cut and that the message may be sent.
   * @param more stored in the same batch.
   * @throws {OracleError} `journal-damaged` when the slot is taken; whatever the store throws.
   */
  async write(slot: JournalSlot, entry: JournalEntry, more: StoreOperation[] = []): Promise<void> {
    const key = keyOf(slot)
    const payload = encodeCanonical([entry.message, entry.extra])
    if (this.#claimed.has(key) || this.#entries.has(key))
      throw new OracleError('journal-damaged', `a second ${slot.kind} for epoch ${slot.epoch} was refused`)
    this.#claimed.add(key)
    try {
      await this.#store.batch([{ type: 'put', key, value: seal(payload) }, ...more], { sync: true })
      this.#entries.set(key, entry)
    } catch (cause) {
      // The write may have reached the disk all the same: the slot stays claimed until the next start reads what is there.
      throw new OracleError('journal-damaged', `the journal could not be written (${codeOf(cause)}); check the disk`, {
        cause,
      })
    }
  }

  /** Makes the next start abstain: the key has signed elsewhere. */
  async distrust(): Promise<void> {
    await this.#store.batch([{ type: 'del', key: PREFIX.journalMarker }], { sync: true })
  }

  /** Forgets what no rule can ask for any more. */
  async prune(epoch: Epoch): Promise<void> {
    const memory = epochKey(PREFIX.journal, Math.max(0, epoch - MEMORY_EPOCHS))
    for (const key of this.#entries.keys()) if (key < memory) this.#entries.delete(key)
    for (const key of this.#claimed) if (key < memory) this.#claimed.delete(key)
    if (epoch <= KEEP_EPOCHS) return
    const operations: StoreOperation[] = []
    for await (const [key] of this.#store.entries({
      gte: PREFIX.journal,
      lt: epochKey(PREFIX.journal, epoch - KEEP_EPOCHS),
      limit: 64,
    }))
      operations.push({ type: 'del', key })
    await this.#store.batch(operations)
  }
}

function encodeMarker(owner: string, completeSinceMs: number): Uint8Array {
  return seal(encodeCanonical([1, owner, completeSinceMs]))
}

function decodeMarker(bytes: Uint8Array, owner: string): { completeSinceMs: number } | undefined {
  const payload = unseal(bytes)
  if (!payload) return undefined
  try {
    const [version, name, since] = read.tuple(decodeCanonical(payload, 256), 3)
    return version === 1 && name === owner ? { completeSinceMs: read.uint(since) } : undefined
  } catch {
    return undefined
  }
}
