/** One part up or one range down through a grant. */
import type { Grant } from '../../core/grants/grant.ts'
import { hashLeaf, LEAF_BYTES } from '../../core/manifest/tree.ts'
import type { TransferContext } from './context.ts'
import { TransferError } from './errors.ts'
import { StatusError } from './retry.ts'

const ANSWER_BYTES = 65_536
/** Headers and framing beside the payload. */
const WIRE_SLACK_BYTES = 65_536

/** Sends exactly the granted bytes. @throws {StatusError | HttpFailure} or what the body throws. */
export async function putThrough(
  { ports, settings }: TransferContext,
  grant: Grant,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const response = await ports.http.request({
    method: grant.method,
    url: grant.url,
    headers: grant.headers,
    body,
    maxResponseBytes: ANSWER_BYTES,
    totalMs: settings.attemptMs,
    signal,
  })
  for await (const _ of response.body) {
    // Read to its end, so that the exchange is over when this returns.
  }
  if (response.status < 200 || response.status > 299) throw new StatusError(response.status)
}

/** What is read of a backend's object: its bytes from `start` on, of `total`. */
export interface Piece {
  start: number
  bytes: number
  total: number
}

/** Exactly the piece. @throws {TransferError} `integrity` for another length. */
export async function getThrough(
  { ports, settings }: TransferContext,
  grant: Grant,
  { start, bytes, total }: Piece,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const whole = bytes === total
  const range = whole ? undefined : { range: `bytes=${start}-${start + bytes - 1}` }
  const response = await ports.http.request({
    method: grant.method,
    url: grant.url,
    headers: { ...grant.headers, ...range, 'accept-encoding': 'identity' },
    maxResponseBytes: bytes + WIRE_SLACK_BYTES,
    totalMs: settings.attemptMs,
    signal,
  })
  if (response.status !== (whole ? 200 : 206)) {
    await response.body.return?.()
    // The object is not as long as it was, or the backend does not know ranges.
    if (response.status === 200 || response.status === 206 || response.status === 416)
      throw new TransferError('integrity', 'the backend does not send the range that was asked for')
    throw new StatusError(response.status)
  }
  const data = new Uint8Array(bytes)
  let filled = 0
  for await (const chunk of response.body) {
    if (filled + chunk.length > bytes) throw new TransferError('integrity', 'the backend sends more than was stored')
    data.set(chunk, filled)
    filled += chunk.length
  }
  if (filled !== bytes) throw new TransferError('integrity', `the backend sends ${filled} of ${bytes} bytes`)
  return data
}

/** @throws {TransferError} `integrity` unless `data` is the leaves from `first` on. */
export function demandLeaves(
  { ports }: TransferContext,
  data: Uint8Array,
  leafHashes: readonly Uint8Array[],
  first: number,
): void {
  for (let at = 0, leaf = first; at < data.length || (data.length === 0 && leaf === first); at += LEAF_BYTES, leaf++) {
    const piece = data.subarray(at, at + LEAF_BYTES)
    const expected = leafHashes[leaf]
    if (!expected || !same(hashLeaf(piece, ports.sha256), expected))
      throw new TransferError('integrity', `leaf ${leaf} is not what was stored`)
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
