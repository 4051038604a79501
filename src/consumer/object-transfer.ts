/** Objects of a reservation as the consumer moves them: straight between this process and the unit's backend. */

/** Bytes to upload; opened again from the start when a transfer is tried again. */
export interface UploadSource {
  bytes: number
  /** Bytes `start` to `end`, both inclusive, as in HTTP. */
  open(range: { start: number; end: number }): AsyncIterable<Uint8Array>
}

export interface TransferProgress {
  key: string
  transferredBytes: number
  totalBytes: number
}

export interface TransferOptions {
  signal?: AbortSignal
  onProgress?: (progress: TransferProgress) => void
}

export interface StoredObject {
  key: string
  bytes: number
  /** SHA-256 Merkle root over the object's 64 KiB leaves, 32 bytes. */
  root: Uint8Array
}

export interface ObjectTransfer {
  /** Resolves once the object and its manifest are stored. */
  upload(reservationId: bigint, key: string, source: UploadSource, options?: TransferOptions): Promise<StoredObject>
  /** Each leaf is checked against the manifest before it is handed on. */
  download(reservationId: bigint, key: string, options?: TransferOptions): AsyncIterable<Uint8Array>
  list(reservationId: bigint, options?: TransferOptions & { prefix?: string }): Promise<StoredObject[]>
  delete(reservationId: bigint, key: string, options?: TransferOptions): Promise<void>
}
