/** Where probers and consumers get rights and object lists from: the provider's node, over the request protocol. */
import type { Grant, GrantItem } from '../grants/grant.ts'
import type { Epoch } from '../ids.ts'
import type { ObjectList } from '../manifest/object-list.ts'
import type { RegisteredUnit } from '../units.ts'

export interface GrantSource {
  /** Read grants for all listed objects of the unit and one write grant for this oracle's slot. @throws {GrantError} */
  probeGrants(unit: RegisteredUnit, epoch: Epoch, signal: AbortSignal): Promise<readonly Grant[]>
}

export interface ObjectListSource {
  /** The newest list signed by the unit's provider, checked. @throws {GrantError} */
  objectList(unit: RegisteredUnit, signal: AbortSignal): Promise<ObjectList>
}

export interface ReservationGrantSource {
  /** One grant for each item, in their order. @throws {GrantError} */
  reservationGrants(reservationId: bigint, items: readonly GrantItem[], signal: AbortSignal): Promise<readonly Grant[]>
}
