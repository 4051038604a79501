/**
 * Brings a catalogue up to date from several peers. Each advert carries its provider's signature and its unit is on
 * chain, so a peer can't invent one; what one peer withholds another has, and the difference is counted. Buckets that
 * are equal already cost nothing, which is how an interrupted sync resumes.
 */
import { decodeAdvert } from '../advert/advert.ts'
import { type AdvertRules, judgeAdvert } from '../advert/validate-advert.ts'
import { CodecError } from '../canonical-cbor.ts'
import type { Domain } from '../eip712.ts'
import { codeOf } from '../errors.ts'
import type { Address, UnitId } from '../ids.ts'
import { networkName } from '../network.ts'
import type { Logger } from '../ports/logger.ts'
import type { Requests } from '../ports/requests.ts'
import { type BucketSummary, bucketOf, differing } from './buckets.ts'
import type { Catalogue } from './catalogue.ts'
import { MAX_PAGE_BYTES, MAX_SUMMARY_BYTES, MAX_UNKNOWN_PER_PEER, SYNC_CONCURRENCY, SYNC_TIMEOUT_MS } from './limits.ts'
import { decodePage, decodeSummary, encodePageRequest, PAGE_PROTOCOL, SUMMARY_PROTOCOL } from './sync-codec.ts'

export interface SyncModules {
  catalogue: Catalogue
  requests: Requests
  domain: Domain
  rules: Pick<AdvertRules, 'unit' | 'digests' | 'scheme'>
  /** Unix ms. */
  now(): number
  logger: Logger
}

export interface SyncReport {
  /** Adverts that were news. */
  applied: number
  /** Peers that answered everything with nothing wrong in it. */
  honest: Address[]
  /** Peers that sent what no honest node sends: an advert with a bad signature, a page out of order. */
  liars: Address[]
  /** Peers that failed to answer. */
  failed: Address[]
}

class PeerLied extends Error {
  override readonly name = 'PeerLied'
}

/** Peers one after the other, so that the second one is asked only for what the first one lacked. */
export async function syncCatalogue(
  peers: readonly Address[],
  modules: SyncModules,
  signal: AbortSignal,
): Promise<SyncReport> {
  const report: SyncReport = { applied: 0, honest: [], liars: [], failed: [] }
  for (const peer of peers) {
    signal.throwIfAborted()
    try {
      await syncFrom(peer, modules, report, signal)
      report.honest.push(peer)
    } catch (error) {
      signal.throwIfAborted()
      const lied = error instanceof PeerLied || error instanceof CodecError
      ;(lied ? report.liars : report.failed).push(peer)
      modules.logger.warn('catalogue not synchronised', { peer, lied, code: codeOf(error), error: String(error) })
    }
  }
  return report
}

async function syncFrom(peer: Address, modules: SyncModules, report: SyncReport, signal: AbortSignal): Promise<void> {
  const theirs = await askSummary(peer, modules, signal)
  const indices = differing(modules.catalogue.buckets(), theirs)
  const budget = { unknown: MAX_UNKNOWN_PER_PEER }
  let next = 0
  const worker = async () => {
    while (next < indices.length) {
      const index = indices[next++]!
      const applied = await syncBucket(peer, { index, announced: theirs.counts[index]! }, budget, modules, signal)
      report.applied += applied
    }
  }
  await Promise.all(Array.from({ length: SYNC_CONCURRENCY }, worker))
}

/** @param announced entries that the summary spoke of: a few more may have come since, not many. */
async function syncBucket(
  peer: Address,
  { index: bucket, announced }: { index: number; announced: number },
  budget: { unknown: number },
  modules: SyncModules,
  signal: AbortSignal,
): Promise<number> {
  const most = 2 * announced + 64
  let after: UnitId | undefined
  let seen = 0
  let applied = 0
  for (;;) {
    const page = decodePage(
      await ask(peer, PAGE_PROTOCOL, encodePageRequest({ bucket, after }), MAX_PAGE_BYTES, modules, signal),
    )
    for (const bytes of page.adverts) {
      const { unitId, isNews, isUnknown } = take(bytes, modules)
      if (isUnknown && --budget.unknown < 0) throw new Error('too many units that the chain here does not know')
      if (bucketOf(unitId) !== bucket) throw new PeerLied('a unit of another bucket')
      if (after !== undefined && unitId <= after) throw new PeerLied('a page is not ascending')
      after = unitId
      if (isNews) applied++
    }
    seen += page.adverts.length
    if (!page.more) return applied
    if (page.adverts.length === 0 || seen > most) throw new PeerLied('a bucket without end')
  }
}

/** @throws {PeerLied} on what an honest node would not have kept. */
function take(bytes: Uint8Array, modules: SyncModules): { unitId: UnitId; isNews: boolean; isUnknown: boolean } {
  const { catalogue, rules, now } = modules
  const advert = decodeAdvert(bytes)
  const judged = judgeAdvert(advert, { ...rules, nowMs: now(), shard: undefined, known: (id) => catalogue.known(id) })
  if (judged.result === 'reject') throw new PeerLied(judged.code)
  const outcome = judged.result === 'accept' ? catalogue.apply(advert, now()) : 'stale'
  return {
    unitId: advert.unitId,
    isNews: outcome !== 'stale' && outcome !== 'full',
    isUnknown: judged.result === 'ignore' && judged.code === 'unknown-unit',
  }
}

async function askSummary(peer: Address, modules: SyncModules, signal: AbortSignal): Promise<BucketSummary> {
  return decodeSummary(await ask(peer, SUMMARY_PROTOCOL, new Uint8Array(0), MAX_SUMMARY_BYTES, modules, signal))
}

async function ask(
  peer: Address,
  name: string,
  body: Uint8Array,
  maxResponseBytes: number,
  { requests, domain }: SyncModules,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const protocol = networkName(domain, name)
  const answer = await requests.request(peer, protocol, body, { signal, timeoutMs: SYNC_TIMEOUT_MS, maxResponseBytes })
  if (answer === undefined) throw new PeerLied(`${name} is never "not found"`)
  return answer
}
