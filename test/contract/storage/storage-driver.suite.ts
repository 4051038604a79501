/** Acceptance suite of the `StorageDriver` port. One fixed list of cases; a case may need a declared capability. */
import { after, before, describe, it } from 'node:test'
import type { StorageCapabilities, StorageDriver } from '../../../src/core/ports/storage.ts'
import { grantCases } from './cases/grants.ts'
import { multipartCases } from './cases/multipart.ts'
import { objectCases } from './cases/objects.ts'
import { setupCases } from './cases/setup.ts'
import { transferCases } from './cases/transfers.ts'

export interface DriverFixture {
  /** e.g. `Azurite 3.37.0`. */
  server: string
  driver: StorageDriver
  /** A driver on the same container with a wrong secret; on a container that does not exist. `undefined`: has no such. */
  withWrongSecret?(): Promise<StorageDriver>
  withMissingContainer?(): Promise<StorageDriver>
  /** What this server is known to do differently; each entry is documented in docs/storage.md. */
  differences?: ReadonlySet<Difference>
  close(): Promise<void>
}

/** `abort-keeps-parts`: parts of an aborted upload stay usable for a while. `narrow-keys`: fewer keys than S3
 * allows. `refuses-if-match`: any write with If-Match fails. */
export type Difference = 'abort-keeps-parts' | 'narrow-keys' | 'refuses-if-match'

export interface CaseContext extends DriverFixture {
  /** A prefix of its own for each case. */
  prefix: string
}

export interface DriverCase {
  name: string
  needs?: keyof StorageCapabilities
  run(context: CaseContext): Promise<void>
}

export const DRIVER_CASES: readonly DriverCase[] = [
  ...setupCases,
  ...objectCases,
  ...transferCases,
  ...multipartCases,
  ...grantCases,
]

export function driverSuite(name: string, factory: () => Promise<DriverFixture>): void {
  describe(`storage driver: ${name}`, () => {
    let fixture: DriverFixture
    before(async () => {
      fixture = await factory()
    })
    after(async () => {
      console.log(`${name}: ${fixture?.server}, ${DRIVER_CASES.length} cases`)
      await fixture?.driver.close()
      await fixture?.close()
    })
    DRIVER_CASES.forEach((driverCase, index) => {
      it(driverCase.name, async (t) => {
        if (driverCase.needs && !fixture.driver.capabilities[driverCase.needs]) {
          t.skip(`declares no ${driverCase.needs}`)
          return
        }
        await driverCase.run({ ...fixture, prefix: `case-${index}/` })
      })
    })
  })
}
