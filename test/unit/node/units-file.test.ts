import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { ConfigError } from '../../../src/node/config-entry.ts'
import { readS3Credentials, readUnitsFile } from '../../../src/node/units-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'lightmesh-units-'))
after(() => rmSync(folder, { recursive: true }))

const UNIT = {
  nonce: '1',
  kind: 's3',
  region: 'here',
  token: `0x${'AA'.repeat(20)}`,
  capacityBytes: '18446744073709551615',
  pricePerGibEpoch: '1',
  egressBytesPerEpoch: '0',
  sla: { availabilityPpm: 999_000, ttfbP95Ms: 0, downP10Kbps: 0, upP10Kbps: 0 },
  backend: { kind: 's3', endpoint: 'http://127.0.0.1:9', region: 'r', bucket: 'bucket', credentialsFile: 'c.json' },
}

function units(name: string, ...list: unknown[]): string {
  const path = join(folder, name)
  writeFileSync(path, JSON.stringify({ units: list }))
  return path
}

describe('units file', () => {
  it('default: exact amounts, lower-case token, paths beside the file', () => {
    const [unit] = readUnitsFile(units('a.json', UNIT))
    assert.equal(unit!.capacityBytes, 2n ** 64n - 1n)
    assert.equal(unit!.token, `0x${'aa'.repeat(20)}`)
    assert.deepEqual(unit!.backend, { ...UNIT.backend, pathStyle: true, credentialsFile: join(folder, 'c.json') })
  })

  it('error: a field is named', () => {
    const wrong = { ...UNIT, sla: { ...UNIT.sla, availabilityPpm: 2_000_000 } }
    assert.throws(() => readUnitsFile(units('b.json', wrong)), /b\.json: units\.0\.sla\.availabilityPpm/)
    assert.throws(() => readUnitsFile(units('c.json', { ...UNIT, price: 1 })), ConfigError)
    assert.throws(() => readUnitsFile(units('d.json')), /units/)
  })

  it('error: credentials that others may read, and never their content', () => {
    const path = join(folder, 'credentials.json')
    writeFileSync(path, JSON.stringify({ accessKeyId: 'id', secretAccessKey: 'very-secret' }))
    chmodSync(path, 0o644)
    assert.throws(() => readS3Credentials(path), /chmod 600/)
    chmodSync(path, 0o600)
    assert.deepEqual(readS3Credentials(path), { accessKeyId: 'id', secretAccessKey: 'very-secret' })
    writeFileSync(path, JSON.stringify({ accessKeyId: 'id', secretAccessKey: 'very-secret', more: 1 }))
    assert.throws(
      () => readS3Credentials(path),
      (error: unknown) => error instanceof ConfigError && !error.message.includes('very-secret'),
    )
  })
})
