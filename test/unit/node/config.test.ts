import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { withConfigTable } from '../../../scripts/config-docs.ts'
import { CONFIG, loadConfig } from '../../../src/node/config.ts'
import { ConfigError } from '../../../src/node/config-entry.ts'

const folder = mkdtempSync(join(tmpdir(), 'lightmesh-config-'))
after(() => rmSync(folder, { recursive: true }))

const NEEDED = {
  keyFile: 'key.json',
  rpcUrls: ['http://127.0.0.1:1', 'http://127.0.0.1:2'],
  orchestrator: `0x${'Ab'.repeat(20)}`,
}

function file(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const code = (expected: string, message: RegExp) => (error: unknown) =>
  error instanceof ConfigError && error.code === expected && message.test(error.message)

describe('configuration', () => {
  it('default: what the file leaves out has its default', () => {
    const config = loadConfig({ file: file('a.json', NEEDED) })
    assert.deepEqual(config.rpcUrls, NEEDED.rpcUrls)
    assert.equal(config.orchestrator, NEEDED.orchestrator.toLowerCase())
    assert.deepEqual(config.roles, ['oracle'])
    assert.equal(config.passphraseFile, undefined)
    assert.equal(config.allowPrivateAddresses, false)
  })

  it('behavior: a flag goes before the environment, the environment before the file', () => {
    const path = file('b.json', { ...NEEDED, apiPort: 1, logLevel: 'warn', confirmations: 3 })
    const config = loadConfig({
      file: path,
      env: { LIGHTMESH_API_PORT: '2', LIGHTMESH_LOG_LEVEL: 'error' },
      flags: { apiPort: '5' },
    })
    assert.deepEqual([config.apiPort, config.logLevel, config.confirmations], [5, 'error', 3])
  })

  it('behavior: relative paths in a file are beside it, elsewhere they stay', () => {
    const path = file('c.json', { ...NEEDED, dataDir: 'data' })
    assert.equal(loadConfig({ file: path }).dataDir, join(folder, 'data'))
    assert.equal(loadConfig({ file: path, flags: { dataDir: 'data' } }).dataDir, 'data')
  })

  it('behavior: environment variables and flags are distinct, and the document has them all', () => {
    const entries = Object.values(CONFIG)
    assert.equal(new Set(entries.map(({ env }) => env)).size, entries.length)
    assert.equal(new Set(entries.map(({ flag }) => flag.split(' ')[0])).size, entries.length)
    const document = readFileSync(join(import.meta.dirname, '../../../docs/operations.md'), 'utf8')
    assert.equal(withConfigTable(document), document, 'run: node scripts/config-docs.ts')
  })

  it('error: a key that is needed', () => {
    assert.throws(() => loadConfig({}), code('missing-value', /keyFile is needed.*LIGHTMESH_KEY_FILE/))
  })

  it('error: a wrong value names the key and its source', () => {
    const path = file('d.json', { ...NEEDED, apiPort: 70_000 })
    assert.throws(() => loadConfig({ file: path }), code('invalid-value', /apiPort \(from .*d\.json\).*0 to 65535/))
    assert.throws(
      () => loadConfig({ file: file('e.json', NEEDED), env: { LIGHTMESH_ROLES: 'miner' } }),
      code('invalid-value', /roles \(from LIGHTMESH_ROLES\).*provider, oracle, consumer/),
    )
  })

  it('error: an unknown key, no JSON, no file', () => {
    assert.throws(
      () => loadConfig({ file: file('f.json', { ...NEEDED, keyfile: 'x' }) }),
      code('unknown-key', /keyfile/),
    )
    assert.throws(() => loadConfig({ file: file('g.json', '{') }), code('unreadable', /g\.json/))
    assert.throws(() => loadConfig({ file: file('h.json', '[]') }), code('unreadable', /JSON object/))
    assert.throws(() => loadConfig({ file: join(folder, 'none.json') }), code('unreadable', /none\.json/))
  })
})
