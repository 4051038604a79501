/** A data unit as this provider's node serves it. */
import type { UnitId } from '../../core/ids.ts'
import type { SignedObjectList } from '../../core/manifest/object-list.ts'
import type { StorageDriver } from '../../core/ports/storage.ts'

export interface ServedUnit {
  unitId: UnitId
  driver: StorageDriver
  /** What probers may read; replaced whole when probe objects change. */
  objects: SignedObjectList
}
