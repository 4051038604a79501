/** Download: pieces of parts in parallel, handed on in order, each leaf checked before anybody sees it. */

import type { GrantItem } from '../../core/grants/grant.ts'
import { type IndexEntry, leavesKey, partCount, partKey, partLength } from '../../core/manifest/object-index.ts'
import { LEAF_BYTES, leafCount, objectRoot } from '../../core/manifest/tree.ts'
import type { TransferProgress } from '../object-transfer.ts'
import type { TransferContext } from './context.ts'
import { TransferError } from './errors.ts'
import { demandLeaves, getThrough, type Piece } from './exchange.ts'
import { GrantPool, throughGrant } from './grant-pool.ts'
import { withRetries } from './retry.ts'
import { inOrder } from './workers.ts'

export interface DownloadInput {
  reservationId: bigint
  entry: IndexEntry
  signal: AbortSignal
  onProgress?: ((progress: TransferProgress) => void) | undefined
}

/** Read at once: whole leaves, small enough that a few beyond `concurrency` are nothing in memory. */
const PIECE_BYTES = 2 << 20

/** Memory: `concurrency` + 2 pieces, and the leaf hashes (512 KiB for a GiB). */
export async function* downloadObject(context: TransferContext, input: DownloadInput): AsyncGenerator<Uint8Array> {
  const { reservationId, entry, signal, onProgress } = input
  const leafHashes = await fetchLeaves(context, reservationId, entry, signal)
  const parts = partCount(entry)
  const items = Array.from({ length: parts }, (_, part): GrantItem => {
    return { action: 'read', key: partKey(entry.location, part), bytes: 0 }
  })
  const pool = new GrantPool(context.ports, reservationId, items)
  const pieces = piecesOf(entry)
  const fetchPiece = (index: number, stop: AbortSignal) => {
    const { part, ...piece } = pieces[index]!
    return withRetries(context, `part ${part}`, stop, async () => {
      const data = await throughGrant(pool, part, stop, (grant) => getThrough(context, grant, piece, stop))
      demandLeaves(context, data, leafHashes, (part * entry.partBytes + piece.start) / LEAF_BYTES)
      return data
    })
  }
  let transferredBytes = 0
  for await (const data of inOrder(pieces.length, context.settings.concurrency + 2, signal, fetchPiece)) {
    transferredBytes += data.length
    yield data
    onProgress?.({ key: entry.key, transferredBytes, totalBytes: entry.bytes })
  }
}

function piecesOf(entry: IndexEntry): (Piece & { part: number })[] {
  return Array.from({ length: partCount(entry) }, (_, part) => {
    const total = partLength(entry, part)
    return Array.from({ length: Math.max(1, Math.ceil(total / PIECE_BYTES)) }, (_, i) => {
      const start = i * PIECE_BYTES
      return { part, start, bytes: Math.min(PIECE_BYTES, total - start), total }
    })
  }).flat()
}

/** The leaf hashes prove themselves: together with the length they make the root that both sides signed. */
async function fetchLeaves(
  context: TransferContext,
  reservationId: bigint,
  entry: IndexEntry,
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  const items: GrantItem[] = [{ action: 'read', key: leavesKey(entry.location), bytes: 0 }]
  const pool = new GrantPool(context.ports, reservationId, items)
  return withRetries(context, 'leaf hashes', signal, async () => {
    const bytes = 32 * leafCount(entry.bytes)
    const packed = await throughGrant(pool, 0, signal, (grant) =>
      getThrough(context, grant, { start: 0, bytes, total: bytes }, signal),
    )
    const leafHashes = Array.from({ length: bytes / 32 }, (_, i) => packed.slice(32 * i, 32 * i + 32))
    if (!objectRoot(entry.bytes, leafHashes).every((byte, i) => byte === entry.root[i]))
      throw new TransferError('integrity', 'the leaf hashes do not make the root that was signed')
    return leafHashes
  })
}
