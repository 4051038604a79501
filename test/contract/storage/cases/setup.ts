/** Validation of a driver's configuration against its backend. */
import type { DriverCase } from '../storage-driver.suite.ts'
import { putBytes, rejectsWith, text } from './helpers.ts'

export const setupCases: DriverCase[] = [
  { name: 'default', run: ({ driver }) => driver.validate() },
  {
    name: 'error: a wrong secret is access-denied',
    async run({ withWrongSecret, prefix }) {
      const driver = await withWrongSecret?.()
      if (!driver) return
      await rejectsWith(driver.validate(), 'access-denied')
      await rejectsWith(putBytes(driver, `${prefix}a`, text('x')), 'access-denied')
      await driver.close()
    },
  },
  {
    name: 'error: a missing container is container-missing',
    async run({ withMissingContainer }) {
      const driver = await withMissingContainer?.()
      if (!driver) return
      await rejectsWith(driver.validate(), 'container-missing')
      await driver.close()
    },
  },
]
