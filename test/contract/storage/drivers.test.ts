/** The drivers on real servers, over real sockets. */
import { createAzureDriver } from '../../../src/storage/azure/driver.ts'
import { createDiskDriver } from '../../../src/storage/disk/driver.ts'
import { createS3Driver } from '../../../src/storage/s3/driver.ts'
import { startAzurite } from '../../support/servers/azurite.ts'
import { startOwnS3, TEST_KEYS } from '../../support/servers/own-s3.ts'
import { driverSuite } from './storage-driver.suite.ts'

driverSuite('s3 on the own endpoint', async () => {
  const own = await startOwnS3()
  const config = { endpoint: own.server.url, region: 'lightmesh', bucket: 'unit', pathStyle: true, keys: TEST_KEYS }
  return {
    server: 'own S3 endpoint',
    driver: await createS3Driver(config),
    withWrongSecret: () => createS3Driver({ ...config, keys: { ...TEST_KEYS, secretAccessKey: 'wrong' } }),
    withMissingContainer: () => createS3Driver({ ...config, bucket: 'nowhere' }),
    close: own.close,
  }
})

driverSuite('disk', async () => {
  const own = await startOwnS3()
  const address = { endpoint: own.server.url, region: 'lightmesh', bucket: 'unit', pathStyle: true }
  return {
    server: 'folder behind the own S3 endpoint',
    driver: createDiskDriver({ store: own.store, address, keys: TEST_KEYS }),
    close: own.close,
  }
})

driverSuite('azure-blob on Azurite', async () => {
  const azurite = await startAzurite()
  const wrong = Buffer.alloc(64, 7).toString('base64')
  return {
    server: `Azurite ${azurite.version}`,
    driver: await createAzureDriver(azurite),
    withWrongSecret: () => createAzureDriver({ ...azurite, accountKey: wrong }),
    withMissingContainer: () => createAzureDriver({ ...azurite, container: 'nowhere' }),
    differences: new Set(['abort-keeps-parts', 'narrow-keys'] as const),
    close: azurite.close,
  }
})
