/** Who this node is: its key, opened once and leased to this process, and the oracle's hash chain. */
import { readFile, stat } from 'node:fs/promises'
import { createSigner } from '../core/crypto/secp256k1.ts'
import { hexToBytes } from '../core/ids.ts'
import type { Signer } from '../core/ports/signer.ts'
import { createHashChain, type HashChain } from '../oracle/hash-chain.ts'
import type { Closing } from './closing.ts'
import type { NodeConfig } from './config.ts'
import { ConfigError } from './config-entry.ts'
import { openKeyFile } from './keystore/key-file.ts'
import { acquireLease } from './keystore/lease.ts'
import { readPassphrase } from './keystore/passphrase.ts'

export interface Identity {
  /** 32 bytes; for the mesh, which needs the key itself. */
  privateKey: Uint8Array
  signer: Signer
  /** Aborted when another process took the key: nothing may be signed from then on. */
  leaseLost: AbortSignal
}

export async function openIdentity(config: NodeConfig, closing: Closing, signal: AbortSignal): Promise<Identity> {
  const passphrase = await readPassphrase(
    {
      file: config.passphraseFile,
      credentialsFolder: process.env.CREDENTIALS_DIRECTORY,
      credential: 'passphrase',
      ...(process.stdin.isTTY &&
        process.stderr.isTTY && { terminal: { input: process.stdin, output: process.stderr } }),
    },
    signal,
  )
  const lease = await acquireLease(config.keyFile)
  closing.add('key lease', () => lease.release())
  const privateKey = await openKeyFile(config.keyFile, passphrase)
  return { privateKey, signer: createSigner(privateKey), leaseLost: lease.lost }
}

/** @throws {ConfigError} when the role needs a seed and there is none that can be used. */
export async function openHashChain(config: NodeConfig): Promise<HashChain> {
  const file = config.oracleSeedFile
  if (file === undefined)
    throw new ConfigError('missing-value', 'oracleSeedFile is needed for the role oracle: the seed behind its anchor')
  let text: string
  try {
    if (((await stat(file)).mode & 0o077) !== 0)
      throw new ConfigError('unreadable', `${file} may be read by others; run: chmod 600 ${file}`)
    text = (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause
    throw new ConfigError('unreadable', `${file}: ${(cause as Error).message}`, { cause })
  }
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new ConfigError('invalid-value', `${file}: 64 lower-case hex digits are needed`)
  return createHashChain(hexToBytes(`0x${text}`), { length: config.oracleChainLength })
}
