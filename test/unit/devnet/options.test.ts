import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { parseDevnetOptions, UsageError } from '../../../devnet/options.ts'

const folder = mkdtempSync(join(tmpdir(), 'lightmesh-options-'))
after(() => rmSync(folder, { recursive: true }))

const refused = (args: string[], message: RegExp) =>
  assert.throws(
    () => parseDevnetOptions(args),
    (error: unknown) => error instanceof UsageError && message.test(error.message) && !error.message.includes('\n'),
  )

describe('devnet options', () => {
  it('default: seven nodes, twelve seconds, a seed of chance', () => {
    const first = parseDevnetOptions([])
    assert.deepEqual([first.nodes, first.epochSeconds, first.epochs, first.json], [7, 12, undefined, false])
    assert.match(first.seed, /^[0-9a-f]{32}$/)
    assert.notEqual(parseDevnetOptions([]).seed, first.seed)
  })

  it('behavior: more nodes take longer epochs', () => {
    assert.equal(parseDevnetOptions(['--nodes', '31']).epochSeconds, 31)
    assert.equal(parseDevnetOptions(['--nodes', '13', '--epoch-seconds', '20']).epochSeconds, 20)
  })

  it("behavior: somebody else's S3 server with its keys", () => {
    const file = join(folder, 'secret')
    writeFileSync(file, 'very secret\n')
    const args = ['--s3-endpoint', 'http://127.0.0.1:9000/', '--s3-access-key', 'id', '--s3-secret-file', file]
    assert.deepEqual(parseDevnetOptions(args).s3, {
      endpoint: 'http://127.0.0.1:9000',
      accessKeyId: 'id',
      secretAccessKey: 'very secret',
    })
    refused(args.slice(2), /need --s3-endpoint/)
    refused([...args.slice(0, 4), '--s3-secret-file', join(folder, 'none')], /ENOENT/)
  })

  it('error: what can not be obeyed is said in one line', () => {
    refused(['--bogus'], /unknown option/)
    refused(['--nodes', '3'], /4 to 31/)
    refused(['--nodes', '5.5'], /whole number/)
    refused(['--epochs', '0'], /1 to/)
    refused(['--rpc-port', '4000', '--api-port', '4000'], /different/)
    refused(['--nodes', '20', '--epoch-seconds', '12'], /too short/)
  })
})
