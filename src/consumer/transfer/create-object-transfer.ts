/** `ObjectTransfer` over grants and HTTP. Durable means: stored, listed in the index, countersigned by the provider. */
import type { IndexEntry } from '../../core/manifest/object-index.ts'
import { IndexError } from '../../core/ports/object-index.ts'
import { MAX_KEY_BYTES } from '../../core/ports/storage.ts'
import type { ObjectTransfer, StoredObject, TransferOptions } from '../object-transfer.ts'
import { DEFAULT_SETTINGS, type TransferContext, type TransferPorts, type TransferSettings } from './context.ts'
import { downloadObject } from './download.ts'
import { TransferError } from './errors.ts'
import { IndexBook } from './index-book.ts'
import { uploadObject } from './upload.ts'
import { UploadJournal } from './upload-journal.ts'

export function createObjectTransfer(ports: TransferPorts, settings: Partial<TransferSettings> = {}): ObjectTransfer {
  const context: TransferContext = { ports, settings: { ...DEFAULT_SETTINGS, ...settings } }
  const book = new IndexBook(context)
  const signalOf = (options?: TransferOptions) => options?.signal ?? new AbortController().signal

  const find = async (reservationId: bigint, key: string, signal: AbortSignal): Promise<IndexEntry> => {
    const { entries } = await book.current(reservationId, signal)
    const entry = entries.find((each) => each.key === key)
    if (!entry) throw new TransferError('object-missing', `reservation ${reservationId} has no ${JSON.stringify(key)}`)
    return entry
  }

  return {
    async upload(reservationId, key, source, options) {
      checkKey(key)
      const signal = signalOf(options)
      const entry = await uploadObject(context, { reservationId, key, source, signal, onProgress: options?.onProgress })
      const journal = new UploadJournal(ports.store, reservationId, key)
      try {
        await book.commit(reservationId, { puts: [entry], deletes: [] }, signal)
      } catch (error) {
        // What the journal believes to be stored is not: the next attempt begins anew.
        if (error instanceof IndexError && error.code === 'object-missing') await journal.clear()
        throw error
      }
      await journal.clear()
      return toStored(entry)
    },
    async *download(reservationId, key, options) {
      const signal = signalOf(options)
      const entry = await find(reservationId, key, signal)
      yield* downloadObject(context, { reservationId, entry, signal, onProgress: options?.onProgress })
    },
    async list(reservationId, options) {
      const { entries } = await book.current(reservationId, signalOf(options))
      return entries.filter((entry) => entry.key.startsWith(options?.prefix ?? '')).map(toStored)
    },
    async delete(reservationId, key, options) {
      await book.commit(reservationId, { puts: [], deletes: [key] }, signalOf(options))
    },
  }
}

function toStored({ key, bytes, root }: IndexEntry): StoredObject {
  return { key, bytes, root }
}

function checkKey(key: string): void {
  const bytes = new TextEncoder().encode(key).length
  if (bytes === 0 || bytes > MAX_KEY_BYTES || !key.isWellFormed())
    throw new TransferError('invalid-key', `a key has 1–${MAX_KEY_BYTES} bytes of UTF-8`)
}
