/** A key file on disk: written once, readable by its owner only. */
import { randomBytes } from 'node:crypto'
import { link, open, readFile, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createSigner, KeyError } from '../../core/crypto/secp256k1.ts'
import type { Address } from '../../core/ids.ts'
import { KeystoreError } from './errors.ts'
import { decryptKey, encryptKey, type ScryptCost } from './web3-v3.ts'

/** A v3 document is some 600 bytes. */
const MAX_FILE_BYTES = 16_384

/** 32 random bytes below the curve's order. */
export function generateKey(): Uint8Array {
  for (;;) {
    const key = new Uint8Array(randomBytes(32))
    try {
      createSigner(key)
      return key
    } catch (error) {
      // One key in 2^127 is out of range; the next one is not.
      if (!(error instanceof KeyError)) throw error
    }
  }
}

/**
 * Writes a new key file, mode 0600, synced: a key is on disk before its address is told to anybody.
 * @throws {KeystoreError} `key-exists`: a key is never overwritten.
 */
export async function createKeyFile(
  path: string,
  privateKey: Uint8Array,
  passphrase: string,
  cost?: ScryptCost,
): Promise<Address> {
  const text = await encryptKey(privateKey, passphrase, cost)
  const partial = join(dirname(path), `.${randomBytes(8).toString('hex')}.partial`)
  const file = await open(partial, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
    await link(partial, path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST')
      throw new KeystoreError('key-exists', `${path} exists; choose another path or keep using this key`, { cause })
    throw cause
  } finally {
    await file.close()
    await unlink(partial)
  }
  return createSigner(privateKey).address
}

/**
 * Reads and opens a key file.
 * @throws {KeystoreError} `key-missing`, `key-unreadable` (also when others may read it), `malformed`, `wrong-passphrase`.
 */
export async function openKeyFile(path: string, passphrase: string): Promise<Uint8Array> {
  let text: string
  try {
    const { mode, size } = await stat(path)
    // Windows has no such bits: they read as zero there.
    if ((mode & 0o077) !== 0)
      throw new KeystoreError('key-unreadable', `${path} may be read by others; run: chmod 600 ${path}`)
    if (size > MAX_FILE_BYTES) throw new KeystoreError('malformed', `${path} is too large for a key file`)
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof KeystoreError) throw cause
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw new KeystoreError('key-missing', `no key file at ${path}; run: lightmesh init`, { cause })
    throw new KeystoreError('key-unreadable', `${path} can't be read`, { cause })
  }
  return decryptKey(text, passphrase)
}
