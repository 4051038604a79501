/** Checksums against the published check values (the digest of `123456789`). */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { type ChecksumAlgorithm, createChecksum } from '../../../../src/api/s3/checksums.ts'

const base64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64')
const hashed = (algorithm: string) => createHash(algorithm).update('123456789').digest('base64')
const CHECK: Record<ChecksumAlgorithm, string> = {
  crc32: base64('cbf43926'),
  crc32c: base64('e3069283'),
  crc64nvme: base64('ae8b14860a799888'),
  sha1: hashed('sha1'),
  sha256: hashed('sha256'),
}

describe('createChecksum', () => {
  it('default', () => {
    for (const [algorithm, expected] of Object.entries(CHECK)) {
      const checksum = createChecksum(algorithm as ChecksumAlgorithm)
      checksum.update(Buffer.from('1234'))
      checksum.update(new Uint8Array())
      checksum.update(Buffer.from('56789'))
      assert.equal(checksum.digest(), expected, algorithm)
    }
  })
})
