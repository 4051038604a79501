/**
 * Provider records in the DHT: which nodes serve something named by a hash (a unit's advert and object list, an evidence
 * bundle). Records only, no values: a record says who to ask, and whoever is asked proves what it answers.
 */
import { createHash } from 'node:crypto'
import type { Libp2p } from 'libp2p'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import type { Address, Hash32 } from '../core/ids.ts'
import { hexToBytes } from '../core/ids.ts'
import { RequestError } from './errors.ts'
import type { PeerBook } from './peer-book.ts'

/** multicodec `raw` and `sha2-256`: kad-dht stores keys of the latter alone (it reads them as CIDs of version 0). */
const RAW = 0x55
const SHA2_256 = 0x12

/** Providers handed on for one key; a lie costs one request. */
const MAX_PROVIDERS = 16

export interface ProviderRecords {
  /** Tells the DHT that this node serves `key`; renewed by itself for as long as the node runs. */
  provide(key: Hash32, signal: AbortSignal): Promise<void>
  /** Nodes that say they serve `key`, at most 16; ends early with what was found once the signal aborts. */
  findProviders(key: Hash32, signal: AbortSignal): Promise<Address[]>
}

function cidOf(key: Hash32): CID {
  return CID.createV1(RAW, create(SHA2_256, createHash('sha256').update(hexToBytes(key)).digest()))
}

export function createProviderRecords(
  node: Pick<Libp2p, 'contentRouting' | 'peerStore'>,
  book: PeerBook,
): ProviderRecords {
  return {
    async provide(key, signal) {
      try {
        await node.contentRouting.provide(cidOf(key), { signal })
      } catch (cause) {
        throw new RequestError(signal.aborted ? 'aborted' : 'unreachable', 'no node took the provider record', {
          cause,
        })
      }
    },
    async findProviders(key, signal) {
      const found = new Set<Address>()
      try {
        for await (const { id, multiaddrs } of node.contentRouting.findProviders(cidOf(key), { signal })) {
          const address = book.learn(id)
          if (address === undefined) continue
          if (multiaddrs.length > 0) await node.peerStore.merge(id, { multiaddrs })
          found.add(address)
          if (found.size >= MAX_PROVIDERS) break
        }
      } catch (error) {
        if (!signal.aborted) throw new RequestError('unreachable', 'the DHT does not answer', { cause: error })
      }
      return [...found]
    },
  }
}
