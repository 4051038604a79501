/** Key files against the specification's vectors and against Foundry's implementation. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { createSigner } from '../../../../src/core/crypto/secp256k1.ts'
import { hexToBytes } from '../../../../src/core/ids.ts'
import { KeystoreError } from '../../../../src/node/keystore/errors.ts'
import { createKeyFile, generateKey, openKeyFile } from '../../../../src/node/keystore/key-file.ts'
import { decryptKey, encryptKey, LIGHT_COST } from '../../../../src/node/keystore/web3-v3.ts'
import { foundryBinary } from '../../../support/foundry.ts'

const code = (expected: string) => (error: unknown) => error instanceof KeystoreError && error.code === expected

/** The two vectors of the Web3 Secret Storage definition; passphrase `testpassword`. */
const VECTOR_KEY = hexToBytes('0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d')
const SCRYPT_VECTOR = {
  crypto: {
    cipher: 'aes-128-ctr',
    cipherparams: { iv: '83dbcc02d8ccb40e466191a123791e0e' },
    ciphertext: 'd172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c',
    kdf: 'scrypt',
    kdfparams: {
      dklen: 32,
      n: 262144,
      p: 8,
      r: 1,
      salt: 'ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19',
    },
    mac: '2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097',
  },
  id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
  version: 3,
}
const PBKDF2_VECTOR = {
  crypto: {
    cipher: 'aes-128-ctr',
    cipherparams: { iv: '6087dab2f9fdbbfaddc31a909735c1e6' },
    ciphertext: '5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46',
    kdf: 'pbkdf2',
    kdfparams: {
      c: 262144,
      dklen: 32,
      prf: 'hmac-sha256',
      salt: 'ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd',
    },
    mac: '517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2',
  },
  id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
  version: 3,
}

describe('key files', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lightmesh-keys-'))
  })
  after(() => rm(folder, { recursive: true }))

  it('default', async () => {
    const key = generateKey()
    const path = join(folder, 'default.json')
    const address = await createKeyFile(path, key, 'a passphrase', LIGHT_COST)
    assert.equal(address, createSigner(key).address)
    assert.deepEqual(await openKeyFile(path, 'a passphrase'), key)
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith('.partial')),
      [],
    )
  })

  it('behavior: the vectors of the specification open', async () => {
    assert.deepEqual(await decryptKey(JSON.stringify(SCRYPT_VECTOR), 'testpassword'), VECTOR_KEY)
    assert.deepEqual(await decryptKey(JSON.stringify(PBKDF2_VECTOR), 'testpassword'), VECTOR_KEY)
    const { crypto: Crypto, ...rest } = SCRYPT_VECTOR
    assert.deepEqual(await decryptKey(JSON.stringify({ Crypto, ...rest }), 'testpassword'), VECTOR_KEY)
  })

  it('behavior: another implementation opens what we wrote, and we open what it wrote', async () => {
    const run = promisify(execFile)
    const cast = foundryBinary('cast')
    const ours = join(folder, 'ours.json')
    const address = await createKeyFile(ours, VECTOR_KEY, 'für alle', LIGHT_COST)
    const { stdout } = await run(cast, ['wallet', 'address', '--keystore', ours, '--password', 'für alle'])
    assert.equal(stdout.trim().toLowerCase(), address)
    const hex = Buffer.from(VECTOR_KEY).toString('hex')
    await run(cast, [
      'wallet',
      'import',
      'theirs',
      '--keystore-dir',
      folder,
      '--private-key',
      hex,
      '--unsafe-password',
      'x y',
    ])
    await chmod(join(folder, 'theirs'), 0o600)
    assert.deepEqual(await openKeyFile(join(folder, 'theirs'), 'x y'), VECTOR_KEY)
  })

  it('behavior: two files of one key share nothing but the address', async () => {
    const [a, b] = await Promise.all([1, 2].map(() => encryptKey(VECTOR_KEY, 'p', LIGHT_COST)))
    const [first, second] = [JSON.parse(a!), JSON.parse(b!)]
    assert.equal(first.address, second.address)
    for (const field of ['ciphertext', 'mac'] as const) assert.notEqual(first.crypto[field], second.crypto[field])
    assert.notEqual(first.crypto.kdfparams.salt, second.crypto.kdfparams.salt)
  })

  it('error: a wrong passphrase, and a changed ciphertext', async () => {
    const text = await encryptKey(VECTOR_KEY, 'right', LIGHT_COST)
    await assert.rejects(decryptKey(text, 'wrong'), code('wrong-passphrase'))
    const changed = JSON.parse(text)
    const [digit] = changed.crypto.ciphertext
    changed.crypto.ciphertext = `${digit === '0' ? '1' : '0'}${changed.crypto.ciphertext.slice(1)}`
    await assert.rejects(decryptKey(JSON.stringify(changed), 'right'), code('wrong-passphrase'))
  })

  it('error: an existing key is never overwritten', async () => {
    const path = join(folder, 'once.json')
    await createKeyFile(path, VECTOR_KEY, 'p', LIGHT_COST)
    const before = await readFile(path)
    await assert.rejects(createKeyFile(path, generateKey(), 'p', LIGHT_COST), code('key-exists'))
    assert.deepEqual(await readFile(path), before)
  })

  it('error: a file that others may read, that is missing, or is something else', async () => {
    const path = join(folder, 'open.json')
    await createKeyFile(path, VECTOR_KEY, 'p', LIGHT_COST)
    await chmod(path, 0o644)
    await assert.rejects(openKeyFile(path, 'p'), code('key-unreadable'))
    await assert.rejects(openKeyFile(join(folder, 'none.json'), 'p'), code('key-missing'))
    const other = join(folder, 'other.json')
    for (const text of ['', 'hello', '{}', '{"version":1}', JSON.stringify({ ...SCRYPT_VECTOR, version: 4 })]) {
      await writeFile(other, text, { mode: 0o600 })
      await assert.rejects(openKeyFile(other, 'p'), code('malformed'), text)
    }
  })

  it('error: costs beyond the limit are refused before the work begins', async () => {
    const costly = structuredClone(SCRYPT_VECTOR)
    costly.crypto.kdfparams.n = 2 ** 30
    await assert.rejects(decryptKey(JSON.stringify(costly), 'testpassword'), code('unsupported'))
    const slow = structuredClone(PBKDF2_VECTOR)
    slow.crypto.kdfparams.c = 2 ** 40
    await assert.rejects(decryptKey(JSON.stringify(slow), 'testpassword'), code('unsupported'))
    const cipher = structuredClone(SCRYPT_VECTOR)
    cipher.crypto.cipher = 'aes-256-cbc'
    await assert.rejects(decryptKey(JSON.stringify(cipher), 'testpassword'), code('unsupported'))
  })

  it('error: an address that is not the key’s', async () => {
    const text = JSON.stringify({ ...SCRYPT_VECTOR, address: '00'.repeat(20) })
    await assert.rejects(decryptKey(text, 'testpassword'), code('malformed'))
  })
})
