/**
 * Leaves that will be needed again: a reservation that ended is settled by the first root at or behind its end and by no
 * later one, so its proof is kept on disk until the settlement is on chain. Bounded by the number of a provider's units.
 */
import type { Epoch, UnitId } from '../../core/ids.ts'
import type { KeyValueStore } from '../../core/ports/key-value-store.ts'
import type { UnitLeafProof } from '../../core/ports/market.ts'
import { decodeLeafProof, encodeLeafProof } from '../../market/leaf-codec.ts'

const PREFIX = 'settlement/leaf/'

export interface LeafShelf {
  get(unitId: UnitId, epoch: Epoch): Promise<UnitLeafProof | undefined>
  /** Durable once resolved. */
  put(proof: UnitLeafProof): Promise<void>
  /** Forgets the unit's leaves before `epoch`. */
  dropBefore(unitId: UnitId, epoch: Epoch): Promise<void>
}

export function createLeafShelf(store: KeyValueStore): LeafShelf {
  return {
    async get(unitId, epoch) {
      const bytes = await store.get(keyOf(unitId, epoch))
      return bytes && decodeLeafProof(bytes)
    },
    put: (proof) =>
      store.batch([{ type: 'put', key: keyOf(proof.leaf.unitId, proof.epoch), value: encodeLeafProof(proof) }], {
        sync: true,
      }),
    async dropBefore(unitId, epoch) {
      const range = { gte: `${PREFIX}${unitId}/`, lt: keyOf(unitId, epoch) }
      const keys: string[] = []
      for await (const [key] of store.entries(range)) keys.push(key)
      if (keys.length > 0) await store.batch(keys.map((key) => ({ type: 'del', key })))
    },
  }
}

/** Epochs are 40 bits: 13 decimal digits sort as numbers. */
function keyOf(unitId: UnitId, epoch: Epoch): string {
  return `${PREFIX}${unitId}/${String(epoch).padStart(13, '0')}`
}
