/**
 * The S3 driver on Ceph's radosgw, a server that is not ours. Runs where it is installed; with
 * LIGHTMESH_REQUIRE_SERVERS=1 a machine without it fails.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createS3Driver } from '../../../src/storage/s3/driver.ts'
import { radosgwVersion, startRadosgw } from '../../support/servers/radosgw.ts'
import { driverSuite } from './storage-driver.suite.ts'

const installed = radosgwVersion() !== undefined
const required = process.env.LIGHTMESH_REQUIRE_SERVERS === '1'
/** The same driver under two names: both where every server is required, one elsewhere, to save half a minute. */
const kinds = required ? (['s3', 'gcs'] as const) : (['s3'] as const)

describe('radosgw', () => {
  it('default: it is installed where it is required', () => {
    assert.ok(installed || !required, 'install radosgw (docs/storage.md)')
  })
})

for (const kind of installed ? kinds : [])
  driverSuite(`${kind} on radosgw`, async () => {
    const server = await startRadosgw()
    const { endpoint, region, keys, bucket } = server
    const config = { endpoint, region, bucket, pathStyle: true, keys }
    return {
      server: server.version,
      driver: await createS3Driver(config, kind),
      withWrongSecret: () => createS3Driver({ ...config, keys: { ...keys, secretAccessKey: 'wrong' } }),
      withMissingContainer: () => createS3Driver({ ...config, bucket: 'nowhere' }),
      differences: new Set(['refuses-if-match'] as const),
      close: server.close,
    }
  })
