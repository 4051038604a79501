/**
 * Leaves that settle what has ended, kept and served by every node. A reservation's end is settled by the first root at or
 * behind it and by no later one; states move on after a few epochs, so without this a provider that was away at that moment
 * could only wait for the escape. One leaf for each unit and closing root.
 */
import { decodeCanonical, encodeCanonical, read } from '../core/canonical-cbor.ts'
import type { Domain } from '../core/eip712.ts'
import { codeOf } from '../core/errors.ts'
import { type Address, bytesToHex, type Epoch, hexToBytes, type UnitId } from '../core/ids.ts'
import { networkName } from '../core/network.ts'
import type { KeyValueStore } from '../core/ports/key-value-store.ts'
import { type Logger, silentLogger } from '../core/ports/logger.ts'
import type { LeafSource, MarketAttestation, MarketReader, UnitLeafProof } from '../core/ports/market.ts'
import { type Metrics, noMetrics } from '../core/ports/metrics.ts'
import type { Requests } from '../core/ports/requests.ts'
import { provenLeaf, RING_SIZE, settlingAttestation } from './leaf-check.ts'
import { decodeLeafProof, encodeLeafProof, MAX_LEAF_PROOF_BYTES } from './leaf-codec.ts'
import { perBlock } from './per-block.ts'

const PREFIX = 'market/closing/'
const MAX_REQUEST_BYTES = 64
const MAX_EPOCH = 2 ** 40 - 1
/** Entries that one pass removes, at the most. */
const PRUNE_LIMIT = 256

export interface LeafArchivePorts {
  market: MarketReader
  /** This node's own state; a node that only asks others has nothing to keep. */
  leaves: LeafSource
  store: KeyValueStore
  requests: Requests
  domain: Domain
  logger?: Logger
  metrics?: Metrics
}

export interface LeafArchive {
  start(): void
  stop(): Promise<void>
  get(unitId: UnitId, epoch: Epoch): Promise<UnitLeafProof | undefined>
}

const protocolOf = (domain: Domain) => networkName(domain, 'closing-leaf')
const keyOf = (epoch: Epoch, unitId: UnitId | '') => `${PREFIX}${String(epoch).padStart(13, '0')}/${unitId}`

export function createLeafArchive(ports: LeafArchivePorts): LeafArchive {
  const { market, store, requests, domain } = ports
  const count = (outcome: string) => (ports.metrics ?? noMetrics).count('market_closing_leaves_total', { outcome })
  let doneEpoch: Epoch = -1

  const get = async (unitId: UnitId, epoch: Epoch) => {
    const bytes = await store.get(keyOf(epoch, unitId))
    return bytes && decodeLeafProof(bytes)
  }
  const keep = async (unitId: UnitId, newest: MarketAttestation, signal: AbortSignal): Promise<boolean> => {
    const { epoch, root } = newest.header
    if (await store.get(keyOf(epoch, unitId))) return true
    const leaf = await provenLeaf(ports, unitId, epoch, signal)
    if (!leaf) return false
    const value = encodeLeafProof({ leaf: leaf.leaf, proof: leaf.proof, epoch, root })
    await store.batch([{ type: 'put', key: keyOf(epoch, unitId), value }])
    count('kept')
    return true
  }
  const blocks = perBlock(
    market,
    async (signal) => {
      const newest = market.finalAttestation()
      if (!newest || newest.header.epoch === doneEpoch) return
      let complete = true
      for (const unitId of closingUnits(market, newest)) complete = (await keep(unitId, newest, signal)) && complete
      // Older roots have left the contract's ring: nothing can be settled by them.
      await prune(store, newest.header.epoch - RING_SIZE)
      if (complete) doneEpoch = newest.header.epoch
    },
    (error) => (ports.logger ?? silentLogger).warn('closing leaves not kept', { code: codeOf(error) }),
  )
  let unhandle: (() => void) | undefined
  return {
    start() {
      unhandle ??= requests.handle(
        protocolOf(domain),
        async (body) => {
          const [unit, epoch] = read.tuple(decodeCanonical(body, MAX_REQUEST_BYTES), 2)
          const bytes = await store.get(keyOf(read.uint(epoch, MAX_EPOCH), bytesToHex(read.bytes(unit, 32))))
          count(bytes ? 'served' : 'missing')
          return bytes
        },
        { maxRequestBytes: MAX_REQUEST_BYTES },
      )
      blocks.start()
    },
    async stop() {
      unhandle?.()
      await blocks.stop()
    },
    get,
  }
}

/** Units of which a running reservation is settled by this root and by no later one. */
function closingUnits(market: MarketReader, newest: MarketAttestation): Set<UnitId> {
  const units = new Set<UnitId>()
  for (const { status, unitId, endEpoch } of market.reservations()) {
    if (status !== 'Active' || endEpoch === undefined || endEpoch > newest.header.epoch) continue
    if (settlingAttestation(market, newest, endEpoch)?.header.epoch === newest.header.epoch) units.add(unitId)
  }
  return units
}

async function prune(store: KeyValueStore, before: Epoch): Promise<void> {
  if (before <= 0) return
  const old: string[] = []
  for await (const [key] of store.entries({ gte: PREFIX, lt: keyOf(before, ''), limit: PRUNE_LIMIT })) old.push(key)
  if (old.length > 0) await store.batch(old.map((key) => ({ type: 'del', key })))
}

/** @throws what `requests` throws; {CodecError} for a malformed answer. */
export async function requestClosingLeaf(
  { requests, domain }: { requests: Requests; domain: Domain },
  peer: Address,
  unitId: UnitId,
  epoch: Epoch,
  options: { signal?: AbortSignal; timeoutMs: number },
): Promise<UnitLeafProof | undefined> {
  const body = encodeCanonical([hexToBytes(unitId), epoch])
  const limits = { ...options, maxResponseBytes: MAX_LEAF_PROOF_BYTES }
  const answer = await requests.request(peer, protocolOf(domain), body, limits)
  return answer && decodeLeafProof(answer)
}
