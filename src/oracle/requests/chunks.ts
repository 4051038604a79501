/** Long answers in pieces: `[total length, bytes from the offset on]`. The whole is checked by whoever asked. */
import { decodeCanonical, encodeCanonical, read } from '../../core/canonical-cbor.ts'
import type { Domain } from '../../core/eip712.ts'
import type { Address, Epoch, Hash32 } from '../../core/ids.ts'
import type { Requests } from '../../core/ports/requests.ts'
import { encodeHashRequest, type OracleProtocol, protocolName } from './protocols.ts'

/** Bytes a piece: large enough to keep a connection busy, small enough for any read buffer. */
export const CHUNK_BYTES = 1024 * 1024

export function encodeChunk(whole: Uint8Array, offset: number): Uint8Array {
  return encodeCanonical([whole.length, whole.slice(offset, offset + CHUNK_BYTES)])
}

export interface FetchModules {
  requests: Requests
  domain: Domain
  timeoutMs: number
}

/**
 * Fetches the whole answer from one peer.
 * @returns `undefined` when the peer does not have it, changes its length half-way or exceeds `maxBytes`.
 * @throws what `requests` throws.
 */
export async function fetchChunks(
  { requests, domain, timeoutMs }: FetchModules,
  peer: Address,
  protocol: OracleProtocol,
  subject: { epoch: Epoch; hash: Hash32; maxBytes: number },
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  let whole: Uint8Array | undefined
  for (let offset = 0; whole === undefined || offset < whole.length; ) {
    const answer = await requests.request(
      peer,
      protocolName(domain, protocol),
      encodeHashRequest(subject.epoch, subject.hash, offset),
      { signal, timeoutMs, maxResponseBytes: CHUNK_BYTES + 64 },
    )
    if (!answer) return undefined
    const [lengthField, bytesField] = read.tuple(decodeCanonical(answer, CHUNK_BYTES + 64), 2)
    const total = read.uint(lengthField)
    const bytes = read.bytesUpTo(bytesField, CHUNK_BYTES)
    if (total === 0 || total > subject.maxBytes || bytes.length === 0) return undefined
    whole ??= new Uint8Array(total)
    if (whole.length !== total || offset + bytes.length > total) return undefined
    whole.set(bytes, offset)
    offset += bytes.length
  }
  return whole
}
