/** Catalogues on real LevelDB folders, and requests that reach another catalogue without a network. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Catalogue, type CatalogueOptions, openCatalogue } from '../../../../src/core/catalogue/catalogue.ts'
import type { Address } from '../../../../src/core/ids.ts'
import { noMetrics } from '../../../../src/core/ports/metrics.ts'
import type { RequestHandler, Requests } from '../../../../src/core/ports/requests.ts'
import { type LevelStore, openLevelStore } from '../../../../src/storage/level-store.ts'
import { NOW } from '../advert/fixtures.ts'

export interface StoredCatalogue {
  catalogue: Catalogue
  store: LevelStore
  /** Opens the same folder again, at `nowMs`, without flushing. */
  reopen(nowMs?: number): Promise<Catalogue>
  close(): Promise<void>
}

export async function catalogueIn(options: CatalogueOptions = {}): Promise<StoredCatalogue> {
  const folder = await mkdtemp(join(tmpdir(), 'lightmesh-catalogue-'))
  let store = await openLevelStore(folder)
  const open = (nowMs: number) => openCatalogue(options, { store, metrics: noMetrics }, nowMs)
  return {
    catalogue: await open(NOW),
    store,
    async reopen(nowMs = NOW) {
      await store.close()
      store = await openLevelStore(folder)
      return open(nowMs)
    },
    async close() {
      await store.close()
      await rm(folder, { recursive: true })
    },
  }
}

/** Requests of `asker` to handlers that are registered by address. */
export function directRequests(asker: Address) {
  const handlers = new Map<string, RequestHandler>()
  const asked: string[] = []
  const portOf = (self: Address): Requests => ({
    async request(peer, protocol, body, { signal, maxResponseBytes }) {
      asked.push(`${peer} ${protocol}`)
      const handler = handlers.get(`${peer} ${protocol}`)
      if (handler === undefined) throw new Error(`${peer} does not answer`)
      const answer = await handler(body, asker, signal ?? new AbortController().signal)
      if (answer !== undefined && answer.length > maxResponseBytes) throw new Error('too long')
      return answer
    },
    handle(protocol, handler) {
      handlers.set(`${self} ${protocol}`, handler)
      return () => void handlers.delete(`${self} ${protocol}`)
    },
    peers: () => [],
  })
  return { portOf, asked }
}
