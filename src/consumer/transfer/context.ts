/** What the parts of a transfer share. */

import type { Digests } from '../../core/eip712.ts'
import type { CreateSha256 } from '../../core/manifest/sha256.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { ReservationGrantSource } from '../../core/ports/grants.ts'
import type { HttpClient } from '../../core/ports/http.ts'
import type { KeyValueStore } from '../../core/ports/key-value-store.ts'
import type { IndexSource } from '../../core/ports/object-index.ts'
import type { Rng } from '../../core/ports/rng.ts'
import type { Signer } from '../../core/ports/signer.ts'

export interface TransferPorts {
  clock: Clock
  rng: Rng
  http: HttpClient
  grants: ReservationGrantSource
  indexes: IndexSource
  /** The key whose address is the reservations' consumer. */
  signer: Signer
  digests: Digests
  /** Indexes and unfinished uploads under keys that begin with `consumer/`. */
  store: KeyValueStore
  /** @default JavaScript's; node:crypto's is seven times as fast */
  sha256?: CreateSha256
}

export interface TransferSettings {
  /** Size of a part: what is resumed and tried again as a whole. A multiple of 64 KiB. @default 8 MiB: four on the way keep memory below 40 MiB */
  partBytes: number
  /** Parts on the way at the same time. @default 4 */
  concurrency: number
  /** @default 5 */
  attempts: number
  /** Pause before the second attempt; doubles, with jitter. @default 200 ms */
  retryMs: number
  /** One attempt, the whole part. @default 600,000 ms */
  attemptMs: number
}

export const DEFAULT_SETTINGS: TransferSettings = {
  partBytes: 8 << 20,
  concurrency: 4,
  attempts: 5,
  retryMs: 200,
  attemptMs: 600_000,
}

export interface TransferContext {
  ports: TransferPorts
  settings: TransferSettings
}
