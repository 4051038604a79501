import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { ConsumerError } from '../../../../src/consumer/errors.ts'
import { createSigner, secp256k1Scheme } from '../../../../src/core/crypto/secp256k1.ts'
import { createDigests } from '../../../../src/core/eip712.ts'
import { hexToBytes } from '../../../../src/core/ids.ts'
import { makeCredentials, readCredentials } from '../../../../src/node/commands/credentials.ts'
import { ConfigError } from '../../../../src/node/config-entry.ts'
import { createHashChain } from '../../../../src/oracle/hash-chain.ts'

const operator = `0x${'a1'.repeat(20)}` as const
const domain = { chainId: 5, orchestrator: `0x${'b2'.repeat(20)}` as const }
const chain = { domain, clock: { genesis: 1_000, epochSeconds: 10 } }
const key = new Uint8Array(32).fill(7)

describe('credentials', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lightmesh-credentials-'))
  after(() => rmSync(folder, { recursive: true }))
  const file = (content: unknown) => {
    const path = join(folder, 'c.json')
    writeFileSync(path, JSON.stringify(content))
    return path
  }

  it('default: the node key consents, the anchor lies ahead', async () => {
    const hashChain = createHashChain(new Uint8Array(32).fill(1), { length: 64 })
    const made = await makeCredentials(chain, key, hashChain, operator, 1_050_000)
    const read = await readCredentials(file(made), operator)
    const digest = createDigests(domain).nodeConsent(operator)
    assert.equal(secp256k1Scheme.recover(digest, read.consent), createSigner(key).address)
    assert.deepEqual(read.anchor, hashChain.anchor(13))
  })

  it('behavior: a node without a seed has no anchor', async () => {
    const made = await makeCredentials(chain, key, undefined, operator, 0)
    assert.equal((await readCredentials(file(made), operator)).anchor, undefined)
    assert.equal(hexToBytes(made.consent).length, 65)
  })

  it("error: another operator's, another file's", async () => {
    const made = await makeCredentials(chain, key, undefined, operator, 0)
    const other = `0x${'c3'.repeat(20)}` as const
    await assert.rejects(
      readCredentials(file(made), other),
      (e) => e instanceof ConsumerError && e.code === 'invalid-value',
    )
    await assert.rejects(
      readCredentials(file({}), operator),
      (e) => e instanceof ConfigError && e.code === 'unreadable',
    )
    await assert.rejects(readCredentials(join(folder, 'no'), operator), ConfigError)
  })
})
