/** Answers other nodes' catalogue requests. */
import type { Domain } from '../eip712.ts'
import { networkName } from '../network.ts'
import type { Requests } from '../ports/requests.ts'
import { type Catalogue, encodeEntry } from './catalogue.ts'
import { MAX_PAGE_BYTES, MAX_PAGE_REQUEST_BYTES } from './limits.ts'
import { decodePageRequest, encodePage, encodeSummary, PAGE_PROTOCOL, SUMMARY_PROTOCOL } from './sync-codec.ts'

/** A page's own bytes: the list's header and the flag. */
const PAGE_OVERHEAD_BYTES = 16
/** CBOR's header of a byte string of up to 2 KiB. */
const ITEM_OVERHEAD_BYTES = 3

export function serveCatalogue(catalogue: Catalogue, requests: Requests, domain: Domain): () => void {
  const stopSummary = requests.handle(
    networkName(domain, SUMMARY_PROTOCOL),
    async () => encodeSummary(catalogue.buckets()),
    { maxRequestBytes: 0 },
  )
  const stopPage = requests.handle(
    networkName(domain, PAGE_PROTOCOL),
    async (body) => {
      const { bucket, after } = decodePageRequest(body)
      return encodePage(fillPage(catalogue, bucket, after))
    },
    { maxRequestBytes: MAX_PAGE_REQUEST_BYTES },
  )
  return () => {
    stopSummary()
    stopPage()
  }
}

function fillPage(catalogue: Catalogue, bucket: number, after: Parameters<Catalogue['bucket']>[1]) {
  const adverts: Uint8Array[] = []
  let room = MAX_PAGE_BYTES - PAGE_OVERHEAD_BYTES
  for (const entry of catalogue.bucket(bucket, after)) {
    // Without its body an entry tells nobody anything.
    if (entry.body === undefined) continue
    const bytes = encodeEntry(entry)
    room -= bytes.length + ITEM_OVERHEAD_BYTES
    if (room < 0) return { adverts, more: true }
    adverts.push(bytes)
  }
  return { adverts, more: false }
}
